"""The shapes of what we send to departments and expect back, as published to integrators."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.codes import Role
from domain.ids import CASE_ID, REQUEST_ID
from domain.reply import Reply


class _Published(BaseModel):
    # Receivers pass over what they do not know: later versions only add
    model_config = ConfigDict(frozen=True, extra="allow")


class DispatchedData(_Published):
    request_id: Annotated[str, Field(pattern=REQUEST_ID)]
    round: Annotated[int, Field(ge=1)]
    idempotency_key: Annotated[str, Field(description="The same for every send of this round: take each in once.")]
    case_id: Annotated[str, Field(pattern=CASE_ID)]
    role: Role
    text: Annotated[str, Field(description="What is asked.")]
    note: Annotated[str, Field(description="Why it is asked again; empty in the first round.")]
    ruling: Annotated[str | None, Field(description="Number of the minutes that bind: it cannot be returned.")] = None
    fields: Annotated[dict[str, str], Field(description="Only what this ask may see.")]
    dispatched_at: AwareDatetime
    due_at: AwareDatetime | None
    sign_due_at: AwareDatetime | None
    urgent: bool
    reply_to: Annotated[str | None, Field(description="Where to answer; absent for polled ones.")] = None


class Dispatched(_Published):
    """POST {base_url}/requests"""

    type: Literal["request.dispatched"]
    timestamp: AwareDatetime
    data: DispatchedData


class WithdrawnData(_Published):
    request_id: Annotated[str, Field(pattern=REQUEST_ID)]
    round: Annotated[int, Field(ge=1)]
    idempotency_key: str
    case_id: Annotated[str, Field(pattern=CASE_ID)]
    reason: str


class Withdrawn(_Published):
    """POST {base_url}/requests/withdrawn"""

    type: Literal["request.withdrawn"]
    timestamp: AwareDatetime
    data: WithdrawnData


class ReceiptAnswer(_Published):
    """What a department answers to a dispatched request."""

    receipt: Annotated[str | None, Field(max_length=200, description="The department's own number.")] = None


class Pending(_Published):
    """No answer yet: what a department that is asked says to GET …/rounds/{round}."""

    status: Literal["pending"]


class Answered(_Published):
    status: Literal["answered"]
    answered_at: AwareDatetime | None = None
    reply: Reply


class _OfRound(_Published):
    request_id: Annotated[str, Field(pattern=REQUEST_ID)]
    round: Annotated[int, Field(ge=1)]


class PendingRound(Pending, _OfRound):
    """No answer to this round yet."""


class AnsweredRound(Answered, _OfRound):
    """This round's answer."""


class RoundsAnswer(_Published):
    """What a department that is asked may say to GET …/requests?rounds=…; rounds that it does not know stay out."""

    rounds: list[PendingRound | AnsweredRound]
