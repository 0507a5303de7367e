"""What happened beside the cases."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class AuditRow(Row, table=True):
    """Append-only: triggers refuse every other change."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_at", "at", "record_id"),
        Index("ix_audit_subject", "subject", "at"),
        UniqueConstraint("position"),
    )

    record_id: str = Field(primary_key=True, sa_type=KeyText)
    at: datetime = Field(sa_type=UtcInstant)
    kind: str = Field(sa_type=KeyText)
    subject: str = Field(sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """Exactly what the hash covers."""
    position: int
    previous_hash: str = Field(sa_type=KeyText)
    hash: str = Field(sa_type=KeyText)


class AuditChainRow(Row, table=True):
    """Head of the audit's chain, one row: the lock for appends, and the proof that no record is missing at the end."""

    __tablename__ = "audit_chain"

    name: str = Field(primary_key=True, sa_type=KeyText)
    length: int
    head: str = Field(sa_type=KeyText)
