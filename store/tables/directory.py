"""Departments."""

from sqlalchemy import Text
from sqlmodel import Field

from store.columns import KeyText
from store.tables.row import Row


class DepartmentRow(Row, table=True):
    __tablename__ = "departments"

    code: str = Field(primary_key=True, sa_type=KeyText)
    document: str = Field(sa_type=Text)
    seeded: str | None = Field(default=None, sa_type=Text)
    """What the policy said at the last start; NULL for departments that no policy names."""
