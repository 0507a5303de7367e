"""What people decide about a running case. Each command is an update with a stable id: twice has one effect."""

from typing import Annotated, Literal

from pydantic import Field

from domain.codes import Outcome
from domain.wire import Wire

NEGATIVE_OUTCOMES = frozenset({Outcome.LAWFULLY_REFUSED, Outcome.NOT_DONE, Outcome.OTHER_SUPPORT})
"""A "no" to the original wish: needs basis, remedy and the duty leader's signature."""

CLOSING_OUTCOMES = frozenset({*NEGATIVE_OUTCOMES, Outcome.DONE, Outcome.EXPLAINED, Outcome.REFERRED})
"""Outcomes that a duty leader may close a coordination with. WITHDRAWN and REVOKED have commands of their own."""


Authority = Annotated[str, Field(min_length=1, max_length=200)]
"""The number of a document: required where a person lets a rule give way."""


class Decision(Wire):
    """Who decided, why, and on which authority (a policy document's number). `kind` names the command on the wire."""

    kind: str
    command_id: str = Field(min_length=1, max_length=120)
    decided_by: str
    reason: str = Field(min_length=1, max_length=2_000)
    authority: str | None = Field(default=None, max_length=200)


class RequestDecision(Decision):
    """A decision about one request."""

    request_id: str
    round: int | None = Field(default=None, ge=0)
    """The round that the person saw when deciding, 0 if it had not been asked yet; refused when another one has begun
    since."""


class WithdrawCase(Decision):
    """The requester takes the matter back: every open request is withdrawn, the outcome is WITHDRAWN."""

    kind: Literal["withdraw_case"] = "withdraw_case"


class NegativeAnswerReport(Wire):
    """否定报备: what the duty leader signs before a lawful refusal goes out."""

    facts_found: str = Field(min_length=1, max_length=4_000)
    alternatives_considered: str = Field(min_length=1, max_length=4_000)
    """What else could help, and why it cannot; an empty search is no search."""


class CloseCase(Decision):
    """End the case with an outcome. Whoever is still asked must have answered or been withdrawn."""

    kind: Literal["close_case"] = "close_case"
    outcome: Outcome
    legal_basis: str | None = Field(default=None, min_length=1, max_length=2_000)
    remedy: str | None = Field(default=None, min_length=1, max_length=2_000)
    report: NegativeAnswerReport | None = None
    """Required for LAWFULLY_REFUSED."""
    support: str | None = Field(default=None, min_length=1, max_length=2_000)
    """OTHER_SUPPORT: what was given instead, under which policy."""


class WeighAnswers(Decision):
    """Two departments say opposite things: the leader records which weighs more and why (`reason`)."""

    kind: Literal["weigh_answers"] = "weigh_answers"
    authority: Authority
    """A department's lawful "no", or its "yes", is set aside."""
    prevails: str
    """Request id of the answer that stands."""
