"""Requesters' codes."""

from sqlalchemy import Text
from sqlmodel import Field

from store.columns import KeyText
from store.tables.row import Row


class ProgressCodeRow(Row, table=True):
    __tablename__ = "progress_codes"

    case_id: str = Field(primary_key=True, foreign_key="cases.case_id", sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """ProgressAccess: a keyed hash, never the code."""
