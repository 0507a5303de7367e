"""What departments send us: stored before anything else happens with it."""

from enum import StrEnum

from pydantic import Field

from domain.proof import Proof, digest, message_bytes
from domain.reply import Reply
from domain.wire import Instant, Wire

MAX_MESSAGE_BYTES = 64 * 1024
"""A larger callback is refused with 413."""
MAX_NOTES_PER_ROUND = 20
"""Acknowledgements and interim notes of a round beyond this are stored but not forwarded: a flood is not progress."""


class MessageKind(StrEnum):
    ACKNOWLEDGED = "ACKNOWLEDGED"
    REPLIED = "REPLIED"


class DepartmentMessage(Wire):
    """A callback after strict parsing. An INTERIM reply is a note: it does not end the round."""

    message_id: str = Field(min_length=1, max_length=200)
    kind: MessageKind
    request_id: str
    round: int = Field(ge=1)
    reply: Reply | None = None


class InboxStatus(StrEnum):
    RECEIVED = "RECEIVED"
    """Durable, not yet in the case: the relay brings it."""
    APPLIED = "APPLIED"
    STORED = "STORED"
    """Kept, without effect and without alarm: notes over the limit."""
    DUPLICATE = "DUPLICATE"
    """The same answer under another message id."""
    CONTRADICTED = "CONTRADICTED"
    """Another answer to the same round came first and stands."""
    LATE = "LATE"
    """The round or the case had already ended without this answer."""
    REFUSED = "REFUSED"
    """Kept, and turned away by a rule: a ruling binds, it came too late for what it asks, or its id was taken."""
    QUARANTINED = "QUARANTINED"
    """Could not be applied within the budget; a person must look."""


WITHOUT_EFFECT = frozenset({InboxStatus.REFUSED, InboxStatus.QUARANTINED})
"""An answer that ended so leaves its round to the next one."""


class InboxEntry(Wire):
    """One message: its bytes and signature as received, and what became of it."""

    entry_id: str
    department: str
    message_id: str
    """The department's webhook id; unique by department for the life of the case. Other content that comes under it
    is kept under an id that nobody can send."""
    received_at: Instant
    raw: bytes
    signature: str
    headers: dict[str, str] = Field(default_factory=dict)
    message: DepartmentMessage
    status: InboxStatus = InboxStatus.RECEIVED
    response_status: int = 202
    """The HTTP status that a repetition of the same message gets as well."""
    response_json: str = "{}"
    attempts: int = 0
    next_attempt_at: Instant | None = None
    last_error: str | None = None
    applied_at: Instant | None = None

    def received(self) -> bytes:
        """As it came in; where people answer, their name stands for the signature."""
        return message_bytes(f"MESSAGE {self.message_id}", {"signature": self.signature, **self.headers}, self.raw)

    @property
    def proof(self) -> Proof:
        return Proof(kept_as=self.entry_id, received=digest(self.received()))
