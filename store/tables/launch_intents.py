"""Ordered launches."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class LaunchIntentRow(Row, table=True):
    __tablename__ = "launch_intents"
    __table_args__ = (Index("ix_launch_intents_waiting", "done_at", "requested_at"),)

    case_id: str = Field(primary_key=True, foreign_key="cases.case_id", sa_type=KeyText)
    requested_at: datetime = Field(sa_type=UtcInstant)
    done_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)
