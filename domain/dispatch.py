"""The two activities of a round, as data: what is sent to a department and what comes back at once."""

from pydantic import Field

from domain.codes import Role
from domain.department import DepartmentRoute
from domain.ids import round_id
from domain.proof import MAIL, Proof, told
from domain.wire import Instant, Wire


class Dispatch(Wire):
    """One round of a request on its way to a department: exactly what may leave, nothing more."""

    case_id: str
    request_id: str
    round: int = Field(ge=1)
    department: DepartmentRoute
    role: Role
    text: str
    note: str = ""
    """Why it is asked again or of somebody else; empty in the first round."""
    ruling: str | None = None
    """Number of the minutes that bind the department."""
    fields: dict[str, str] = Field(default_factory=dict)
    dispatched_at: Instant
    due_at: Instant | None = None
    sign_due_at: Instant | None = None
    urgent: bool = False

    @property
    def idempotency_key(self) -> str:
        """The same for every send of this round (invariant I7)."""
        return round_id(self.request_id, self.round)


class Receipt(Wire):
    """The department's system took the request in (not yet a person)."""

    delivered_at: Instant
    receipt: str | None = Field(default=None, max_length=200)
    """The department's own number."""
    proof: Proof | None = None
    """Of what was sent and what came back."""
    mail_proof: Proof | None = None
    """Of the mail that told about it."""

    def told(self) -> dict[str, str]:
        """The digests as a fact tells them."""
        return told(self.proof) | told(self.mail_proof, MAIL)


class RoundRef(Wire):
    """Names one round to one department."""

    case_id: str
    request_id: str
    round: int = Field(ge=1)
    department: DepartmentRoute
    due_at: Instant | None = None
    """As it stood when the wait began; it sets the pace of asking, nothing else."""
    urgent: bool = False
    heard: str | None = None
    """The progress note that a poll of this round brought last: the same one again is no news."""
    notes: int = 0
    """What the round has heard so far without an answer; beyond `MAX_NOTES_PER_ROUND` progress is no news."""


class Withdrawal(RoundRef):
    """Tells a department that a round is over without its answer."""

    reason: str

    @property
    def message_id(self) -> str:
        """The same for every send."""
        return f"{round_id(self.request_id, self.round)}.withdrawn"


class DepartmentNote(Wire):
    """An acknowledgement or progress note: a fact about a round that does not end it."""

    note_id: str
    request_id: str
    round: int = Field(ge=1)
    acknowledged: bool
    """True: signed for. False: an interim note."""
    text: str = Field(default="", max_length=4_000)
    received_at: Instant
    proof: Proof | None = None
