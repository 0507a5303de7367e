"""Year notices of the working calendar."""

from sqlalchemy import Text
from sqlmodel import Field

from store.tables.row import Row


class NoticeRow(Row, table=True):
    __tablename__ = "calendar_notices"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: str = Field(sa_type=Text)
