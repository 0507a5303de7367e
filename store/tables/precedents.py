"""Drafts for the library of precedents."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class PrecedentRow(Row, table=True):
    """Drafts for the library. No foreign key: a precedent outlives the case that it came from."""

    __tablename__ = "precedents"
    __table_args__ = (Index("ix_precedents_cause", "cause", "outcome"), Index("ix_precedents_item_code", "item_code"))

    case_id: str = Field(primary_key=True, sa_type=KeyText)
    cause: str | None = Field(default=None, sa_type=KeyText)
    outcome: str = Field(sa_type=KeyText)
    item_code: str | None = Field(default=None, sa_type=KeyText)
    closed_at: datetime = Field(sa_type=UtcInstant)
    document: str = Field(sa_type=Text)
