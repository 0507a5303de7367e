"""A department is switched off while a round of a case waits for it: whose doing that is, and what follows for it."""

from typing import Final, Literal

from domain.decision import RequestDecision

BY_POLICY: Final = "policy"
"""Actor of a switch that nobody threw: the district's files say so."""


class HandOverRound(RequestDecision):
    """The round ends without an answer and waits for the duty leader. Names who switched the department off, and why.

    The product orders it for every open round of the department; nobody orders it for a single case.
    """

    kind: Literal["hand_over_round"] = "hand_over_round"
