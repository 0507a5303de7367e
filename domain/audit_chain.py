"""The hash chain over the audit: how a record is linked, and what shows that a row was touched."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import ValidationError

from domain.audit import AuditRecord
from domain.wire import Instant, Wire

GENESIS = "0" * 64
"""The previous hash of the very first record."""


class AuditHead(Wire):
    """Where the chain ends. Noted down outside of the store, it also shows a tail that was cut off or rewritten."""

    position: int
    hash: str


START = AuditHead(position=0, hash=GENESIS)


class AuditLink(Wire):
    """One stored row: the record's text, what stands beside it for queries, and its place."""

    position: int
    document: str
    """Exactly what the hash covers."""
    beside: tuple[str, Instant, str, str]
    """Id, instant, kind and subject, as the row's other columns tell them."""
    previous_hash: str
    hash: str


def link(document: str, previous_hash: str) -> str:
    """SHA-256, hex, over the record's text and the hash before it."""
    return hashlib.sha256(f"{previous_hash}\n{document}".encode()).hexdigest()


class AuditWalk:
    """Goes along the chain, row by row; what it finds is told in words, with the position."""

    def __init__(self) -> None:
        self.head = START

    def problems(self, rows: Iterable[AuditLink]) -> Iterator[str]:
        for row in rows:
            where = f"audit record {row.position}"
            if row.position != self.head.position + 1:
                yield f"{where}: position {self.head.position + 1} was expected"
            if row.previous_hash != self.head.hash:
                yield f"{where}: does not follow the record before it"
            if row.hash != link(row.document, row.previous_hash):
                yield f"{where}: was changed after it was written"
            elif row.beside != _beside(row.document):
                yield f"{where}: its columns contradict it"
            self.head = AuditHead(position=row.position, hash=row.hash)


def _beside(document: str) -> tuple[str, datetime, str, str] | None:
    try:
        record = AuditRecord.model_validate_json(document)
    except ValidationError:
        return None
    return record.record_id, record.at, record.kind.value, record.subject
