"""What happened beside the cases."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class AuditRow(Row, table=True):
    """Append-only: triggers refuse every other change."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at", "record_id"), Index("ix_audit_subject", "subject", "at"))

    record_id: str = Field(primary_key=True, sa_type=KeyText)
    at: datetime = Field(sa_type=UtcInstant)
    kind: str = Field(sa_type=KeyText)
    subject: str = Field(sa_type=KeyText)
    document: str = Field(sa_type=Text)
