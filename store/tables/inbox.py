"""Messages from departments."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class InboxRow(Row, table=True):
    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("department", "message_id"),
        Index("ix_inbox_round", "request_id", "round", "ends_round"),
        Index("ix_inbox_case_id", "case_id"),
        Index("ix_inbox_status", "status", "received_at"),
        # At most one effective reply a round, whatever two processes believe at the same instant
        Index(
            "uq_inbox_effective",
            "request_id",
            "round",
            unique=True,
            sqlite_where=text("effective"),
            postgresql_where=text("effective"),
        ),
    )

    entry_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    message_id: str = Field(sa_type=KeyText)
    case_id: str | None = Field(default=None, sa_type=KeyText)
    request_id: str = Field(sa_type=KeyText)
    round: int
    ends_round: bool
    """A reply that is more than an interim note."""
    effective: bool
    """Ends its round, and is applied or waits to be."""
    received_at: datetime = Field(sa_type=UtcInstant)
    raw: bytes = Field(sa_type=LargeBinary)
    status: str = Field(sa_type=KeyText)
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)
    """InboxEntry with its bytes left empty."""
