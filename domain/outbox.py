"""What we sent to departments: bytes and signature as they left, and what came back."""

from pydantic import ConfigDict, Field

from domain.wire import Instant, Wire

MAX_REPLY_KEPT = 16 * 1024
"""Bytes of a reply that are kept as evidence of the receipt."""


class SentMessage(Wire):
    """One attempt. It is stored before the bytes leave; `status` and `failure` are filled in afterwards."""

    # A reply may be any bytes, and the file of a worker without a store is text
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    entry_id: str
    department: str
    message_id: str
    """The idempotency key: the same for all attempts of a round."""
    sent_at: Instant
    method: str
    address: str
    """Base address of the directory and path; never a query."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Those that prove something: message id, timestamp, signature. Never a bearer token."""
    body: bytes = b""
    status: int | None = None
    """None: no answer came, or the process ended before one could."""
    reply: bytes = b""
    failure: str = ""
