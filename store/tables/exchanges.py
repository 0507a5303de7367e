"""Messages to and from departments, byte by byte."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class ExchangeRow(Row, table=True):
    __tablename__ = "exchanges"

    entry_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    sent_at: datetime = Field(sa_type=UtcInstant)
    body: bytes = Field(sa_type=LargeBinary)
    reply: bytes = Field(sa_type=LargeBinary)
    document: str = Field(sa_type=Text)
    """Exchange with its bytes left empty."""


class ExchangeRoundRow(Row, table=True):
    """One question may bring the answers of many rounds."""

    __tablename__ = "exchange_rounds"
    __table_args__ = (Index("ix_exchange_rounds_case_id", "case_id"),)

    entry_id: str = Field(primary_key=True, foreign_key="exchanges.entry_id", sa_type=KeyText)
    round_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(sa_type=KeyText)
