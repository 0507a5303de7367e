"""Follow-ups and what those that run have come to."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class FollowUpRow(Row, table=True):
    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        Index("ix_follow_ups_waiting", "started_at", "ordered_at"),
        Index("ix_follow_ups_reopening_owed", "reopening_owed", "reopened_as"),
        Index("ix_follow_ups_second_owed", "second_owed"),
        Index("ix_follow_ups_owed_until", "owed_until"),
    )

    follow_up_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(foreign_key="cases.case_id", sa_type=KeyText)
    number: int
    ordered_at: datetime = Field(sa_type=UtcInstant)
    started_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When the engine had it."""
    reopened_as: str | None = Field(default=None, sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """FollowUpOrder without its snapshot."""
    version: int | None = Field(default=None)
    """Of the projection; NULL before the first one. What follows is the projection's alone."""
    owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """The earliest of what staff owe in it; NULL while they owe nothing."""
    resolved: bool | None = Field(default=None)
    rating: str | None = Field(default=None, sa_type=KeyText)
    """Of the coordination."""
    item_rating: str | None = Field(default=None, sa_type=KeyText)
    reopening_owed: bool = Field(default=False)
    second_owed: bool = Field(default=False)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    snapshot: str | None = Field(default=None, sa_type=Text)
