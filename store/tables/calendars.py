"""Year notices of the working calendar, as they were loaded."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class NoticeLoadRow(Row, table=True):
    __tablename__ = "notice_loads"
    __table_args__ = (Index("ix_notice_loads_year", "year", "load_id"),)

    load_id: int | None = Field(default=None, primary_key=True)
    year: int
    document: str = Field(sa_type=Text)
    """YearNotice."""
    loaded_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    loaded_by: str = Field(sa_type=KeyText)
    taken_back_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    taken_back_by: str | None = Field(default=None, sa_type=KeyText)
