"""Requests on the desks of people."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class DeskRow(Row, table=True):
    __tablename__ = "desk"
    __table_args__ = (
        UniqueConstraint("link_hash"),
        Index("ix_desk_department", "department", "arrived_at"),
        Index("ix_desk_request", "request_id", "round"),
    )

    round_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    request_id: str = Field(sa_type=KeyText)
    round: int
    arrived_at: datetime = Field(sa_type=UtcInstant)
    link_hash: str | None = Field(default=None, sa_type=KeyText)
    """SHA-256, hex. The link itself is nowhere."""
    document: str = Field(sa_type=Text)
