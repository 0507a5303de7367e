"""Decisions by their keys."""

from datetime import datetime

from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class CommandRow(Row, table=True):
    """What was decided under which key."""

    __tablename__ = "commands"

    command_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(foreign_key="cases.case_id", sa_type=KeyText)
    fingerprint: str = Field(sa_type=KeyText)
    at: datetime = Field(sa_type=UtcInstant)
