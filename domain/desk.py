"""Requests to people without a system: what lies on a department's desk until somebody answers."""

from pydantic import Field

from domain.department import DEPARTMENT_CODE
from domain.dispatch import Dispatch
from domain.ids import round_id
from domain.proof import Proof
from domain.wire import Instant, Wire


class DeskEntry(Wire):
    """One round on a desk, exactly as a system would have received it."""

    department: str = Field(pattern=DEPARTMENT_CODE)
    dispatch: Dispatch
    receipt: str = Field(min_length=1, max_length=200)
    arrived_at: Instant
    link_hash: str | None = None
    """SHA-256, hex, of the token in the mail; the token itself is nowhere."""
    link_expires_at: Instant | None = None
    link_used_at: Instant | None = None
    """When it last brought an answer; whether that used it up, the inbox knows."""
    mailed_at: Instant | None = None
    mail_proof: Proof | None = None
    withdrawn_at: Instant | None = None

    @property
    def round_id(self) -> str:
        return round_id(self.dispatch.request_id, self.dispatch.round)


class Mail(Wire):
    """A message to a department's mail box. No personal data: mail is read by whoever carries it."""

    mail_id: str
    """The same for every send of the same mail."""
    to: str
    subject: str
    text: str
    department: str
    round_id: str
    token: str
    """Stands in the text and opens a door: what is kept of the mail shows its SHA-256 instead."""
