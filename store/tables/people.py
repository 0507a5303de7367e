"""People and their tokens."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from store.columns import KeyText, UtcInstant
from store.tables.row import Row


class PersonRow(Row, table=True):
    __tablename__ = "people"

    person_id: str = Field(primary_key=True, sa_type=KeyText)
    document: str = Field(sa_type=Text)


class TokenRow(Row, table=True):
    __tablename__ = "tokens"
    __table_args__ = (Index("ix_tokens_person_id", "person_id"),)

    token_hash: str = Field(primary_key=True, sa_type=KeyText)
    """SHA-256, hex. The token itself is nowhere."""
    person_id: str = Field(foreign_key="people.person_id", sa_type=KeyText)
    expires_at: datetime | None = Field(default=None, sa_type=UtcInstant)
