"""Facts and their chains."""

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from store.columns import KeyText
from store.tables.row import Row


class FactRow(Row, table=True):
    """Append-only: triggers refuse every other change. No foreign key, so that nothing can pull facts along."""

    __tablename__ = "facts"
    __table_args__ = (UniqueConstraint("fact_id"), Index("ix_facts_kind", "case_id", "kind"))

    case_id: str = Field(primary_key=True, sa_type=KeyText)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    fact_id: str = Field(sa_type=KeyText)
    kind: str = Field(sa_type=KeyText)
    request_id: str | None = Field(default=None, sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """Canonical JSON, exactly what the hash covers."""
    previous_hash: str = Field(sa_type=KeyText)
    hash: str = Field(sa_type=KeyText)


class ChainRow(Row, table=True):
    """Head of a case's chain: the lock for appends, and the proof that no fact is missing at the end."""

    __tablename__ = "fact_chains"

    case_id: str = Field(primary_key=True, sa_type=KeyText)
    length: int
    head: str = Field(sa_type=KeyText)
