"""Private links to ratings."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class RatingLinkRow(Row, table=True):
    __tablename__ = "rating_links"
    __table_args__ = (
        Index("ix_rating_links_follow_up_id", "follow_up_id"),
        Index("ix_rating_links_undelivered", "used_at", "delivered_at"),
    )

    token_hash: str = Field(primary_key=True, sa_type=KeyText)
    """SHA-256, hex. The token itself is nowhere."""
    follow_up_id: str = Field(foreign_key="follow_ups.follow_up_id", sa_type=KeyText)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)
