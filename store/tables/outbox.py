"""Messages to departments."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class OutboxRow(Row, table=True):
    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_case_id", "case_id", "sent_at"),)

    entry_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    message_id: str = Field(sa_type=KeyText)
    case_id: str | None = Field(default=None, sa_type=KeyText)
    sent_at: datetime = Field(sa_type=UtcInstant)
    body: bytes = Field(sa_type=LargeBinary)
    reply: bytes = Field(sa_type=LargeBinary)
    document: str = Field(sa_type=Text)
    """SentMessage with its bytes left empty."""
