"""Ties a result to the bytes behind it: their digests stand in the case's facts, wherever the bytes lie."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Field, ValidationError

from domain.fact import Fact
from domain.wire import Wire

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MAIL: Final = "mail_"
"""Before the names of a mail's digests, in facts that have a message of their own as well."""
_WITH_WORKER: Final = "worker"


class Proof(Wire):
    """What was kept of one message, or of a question with its answer."""

    kept_as: str = Field(min_length=1, max_length=120)
    sent: Sha256 | None = None
    received: Sha256 | None = None
    elsewhere: bool = False
    """With a worker that has no store: its file is taken in later."""

    def told(self, before: str = "") -> dict[str, str]:
        """As a fact tells it."""
        told = {"kept_as": self.kept_as, "sha256_sent": self.sent, "sha256_received": self.received}
        told["kept_at"] = _WITH_WORKER if self.elsewhere else None
        return {before + name: value for name, value in told.items() if value is not None}


def told(proof: Proof | None, before: str = "") -> dict[str, str]:
    return proof.told(before) if proof is not None else {}


def proofs(fact: Fact) -> Iterator[Proof]:
    """What this fact says about kept bytes."""
    for before in ("", MAIL):
        if f"{before}kept_as" in fact.data:
            try:
                yield _proof(fact.data, before)
            except ValidationError:
                # The chain of facts shows who wrote nonsense
                continue


def _proof(data: Mapping[str, str], before: str) -> Proof:
    return Proof(
        kept_as=data[f"{before}kept_as"],
        sent=data.get(f"{before}sha256_sent"),
        received=data.get(f"{before}sha256_received"),
        elsewhere=data.get(f"{before}kept_at") == _WITH_WORKER,
    )


def message_bytes(line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The one form in which messages are kept, digested and exported: a line, the kept headers, a blank line, the body.

    Lines end with CR LF, headers stand in the order of their names, so that everybody can make the digest again.
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in sorted(headers.items()))
    return f"{line}\r\n{head}\r\n".encode(errors="surrogateescape") + body


def digest(message: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(message).hexdigest()
