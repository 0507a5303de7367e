"""What we said to a department and what it said back: the bytes as they were, kept so that nobody can deny them."""

from pydantic import ConfigDict, Field

from domain.proof import Proof, digest, message_bytes
from domain.wire import Instant, Wire

MAX_FAILURE_KEPT = 16 * 1024
"""Bytes of a reply that says "try again": such replies come again and again and decide nothing."""


class Exchange(Wire):
    """One attempt. A message of ours is kept before it leaves; what came back is filled in afterwards.

    Questions (polls) are kept when they brought an answer that is not kept already, and not otherwise.
    """

    # A reply may be any bytes, and the file of a worker without a store is text
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    entry_id: str = Field(min_length=1, max_length=120)
    department: str
    message_id: str
    """Of a message the idempotency key, the same for all attempts of a round."""
    rounds: tuple[str, ...] = ()
    """Round ids that it is about; of a question those whose answer it brought."""
    sent_at: Instant
    method: str
    """Of HTTP; DESK for what was laid on a desk, MAIL for mail."""
    address: str
    headers: dict[str, str] = Field(default_factory=dict)
    """Those that prove something. A bearer token is masked: it proves nothing to others and opens doors."""
    body: bytes = b""
    status: int | None = None
    """None: no answer came, or the process ended before one could."""
    reply_headers: dict[str, str] = Field(default_factory=dict)
    reply: bytes = b""
    cut: bool = False
    """The reply was longer than is kept of a failure."""
    failure: str = ""
    failures_before: dict[str, int] = Field(default_factory=dict)
    """Earlier attempts of the same message that stood in this entry, by kind of failure: an outage of weeks must not
    fill the store. The first of each kind has an entry of its own."""

    @property
    def failed(self) -> bool:
        """No answer came, or none that says yes: another attempt follows, or a fact tells of the refusal."""
        return self.status is None or not 200 <= self.status < 300

    @property
    def attempts(self) -> int:
        """How often it was sent, as far as this entry tells."""
        return 1 + sum(self.failures_before.values())

    def sent(self) -> bytes:
        return message_bytes(f"{self.method} {self.address}", self.headers, self.body)

    def received(self) -> bytes | None:
        if self.status is None:
            return None
        return message_bytes(f"{self.status}", self.reply_headers, self.reply)

    def proof(self, *, elsewhere: bool) -> Proof:
        received = self.received()
        return Proof(
            kept_as=self.entry_id,
            sent=digest(self.sent()),
            received=None if received is None else digest(received),
            elsewhere=elsewhere,
        )
