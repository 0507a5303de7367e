"""How a simulated department behaves, as data that can be changed while it runs."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Seconds = Annotated[float, Field(ge=0, le=86_400)]


class Fault(StrEnum):
    """What goes wrong on the wire instead of a proper HTTP reply."""

    DROP = "drop"
    """Commits, then breaks the connection."""
    SLOW = "slow"
    """Commits, then replies with one byte a second."""
    EMPTY = "empty"
    """Commits, then 200 without a body."""
    TRUNCATED = "truncated"
    """Commits, then half a JSON object."""
    OVERSIZED = "oversized"
    """Commits, then a receipt of a megabyte."""
    HTML = "html"
    """A gateway's page with status 200; commits nothing."""
    HANG = "hang"
    """No reply at all; commits nothing."""
    REFUSE = "refuse"
    """422: the system will never take it."""

    @property
    def commits(self) -> bool:
        return self not in (Fault.HTML, Fault.HANG, Fault.REFUSE)


class CallbackStyle(StrEnum):
    """What the body or signature of an answer is like."""

    PROPER = "proper"
    WRONG_SIGNATURE = "wrong_signature"
    OVERSIZED = "oversized"
    POISON = "poison"
    """Properly signed, but no plain JSON."""


class Progress(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    after: Seconds
    note: str


class Behaviour(BaseModel):
    """One round, from the send to the last callback. All seconds count from the commit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fail_first: int = Field(default=0, ge=0)
    """Sends of each round that get `fail_status` before one is taken in."""
    fail_status: int = Field(default=503, ge=300, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    fault: Fault | None = None
    faulty_sends: int = Field(default=1, ge=0)
    """How many sends of each round meet the fault, after those of `fail_first`."""
    poll_fault: Fault | None = None
    faulty_polls: int = Field(default=1, ge=0)
    acknowledge_after: Seconds | None = 1.0
    """None: never signed for."""
    interim: tuple[Progress, ...] = ()
    answer_after: Seconds | None = 3.0
    """None: silence."""
    reply: JsonValue = {"code": "ACCEPTED", "note": ""}
    callback: CallbackStyle = CallbackStyle.PROPER
    round_offset: int = 0
    """-1: answers the round before."""
    as_request: str | None = None
    """Answers for another request, perhaps another department's."""
    copies: int = Field(default=1, ge=1, le=100)
    """How often the answer is sent under one message id."""
    repeats: int = Field(default=0, ge=0, le=100)
    """How often the same answer is sent again under new message ids."""
    second_reply: JsonValue | None = None
    """A second, contradicting answer."""
    second_after: Seconds = 1.0
    """Seconds after the first answer."""
    answers_after_withdrawal: bool = False


class Script(BaseModel):
    """`requests` is keyed by round id, request id or ask key; the most exact entry wins, then `cases`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Behaviour = Behaviour()
    cases: dict[str, Behaviour] = Field(default_factory=dict)
    requests: dict[str, Behaviour] = Field(default_factory=dict)

    def behaviour(self, request_id: str, round_number: int) -> Behaviour:
        case, _, key = request_id.partition(".")
        for name in (f"{request_id}.r{round_number}", request_id, key):
            if name in self.requests:
                return self.requests[name]
        return self.cases.get(case, self.default)
