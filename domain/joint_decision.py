"""Dangerous decisions need two people: one proposes, another one confirms."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.codes import Outcome
from domain.decision import Decision, NegativeAnswerReport
from domain.wire import Instant, Wire


class DangerousAct(StrEnum):
    WAIVE_REQUEST = "WAIVE_REQUEST"
    """Go on without a department's answer: the request ends unanswered."""
    CLOSE_UNANSWERED = "CLOSE_UNANSWERED"
    """End the case although somebody is still being asked."""
    REVOKE = "REVOKE"
    """Take back a result that was issued on a promise that was not kept."""


class ProposeAct(Decision):
    """The first person. `reason` is what the second one reads."""

    kind: Literal["propose_act"] = "propose_act"
    act: DangerousAct
    request_id: str | None = None
    """WAIVE_REQUEST."""
    outcome: Outcome | None = None
    """CLOSE_UNANSWERED."""
    legal_basis: str = Field(min_length=1, max_length=2_000)
    remedy: str | None = Field(default=None, min_length=1, max_length=2_000)
    """REVOKE, and CLOSE_UNANSWERED with a "no"."""
    report: NegativeAnswerReport | None = None
    """CLOSE_UNANSWERED with LAWFULLY_REFUSED."""
    support: str | None = Field(default=None, min_length=1, max_length=2_000)
    """CLOSE_UNANSWERED with OTHER_SUPPORT."""


class ConfirmAct(Decision):
    """The second person, never the first one again. `confirmed` False turns the proposal down."""

    kind: Literal["confirm_act"] = "confirm_act"
    proposal_id: str
    confirmed: bool = True


class Proposal(Wire):
    """An act that waits for its second person."""

    proposal_id: str
    act: DangerousAct
    proposed_by: str
    proposed_at: Instant
    reason: str
    legal_basis: str
    remedy: str | None = None
    request_id: str | None = None
    round: int | None = None
    """WAIVE_REQUEST: the round whose answer would be gone without; 0: it had not been asked yet."""
    outcome: Outcome | None = None
    report: NegativeAnswerReport | None = None
    support: str | None = None
    settled_by: str | None = None
    settled_at: Instant | None = None
    confirmed: bool | None = None
