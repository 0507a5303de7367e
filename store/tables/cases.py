"""Cases and their numbers."""

from datetime import datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from store.columns import KeyText, ShownText, UtcInstant
from store.tables.row import Row


class CaseRow(Row, table=True):
    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_cases_newest", "registered_at", "case_id"),
        Index("ix_cases_stage", "stage", "registered_at", "case_id"),
        Index("ix_cases_owner", "owner", "registered_at", "case_id"),
        Index("ix_cases_registered_by", "registered_by", "registered_at", "case_id"),
        Index("ix_cases_cause", "cause", "registered_at", "case_id"),
        Index("ix_cases_outcome", "outcome", "registered_at", "case_id"),
        Index("ix_cases_needs_decision", "needs_decision", "registered_at", "case_id"),
        Index("ix_cases_contact_owed_until", "contact_owed_until"),
        Index("ix_cases_decision_owed_until", "decision_owed_until"),
        Index("ix_cases_matter_print", "matter_print", "outcome"),
        Index("ix_cases_party_print", "party_print", "outcome"),
    )

    case_id: str = Field(primary_key=True, sa_type=KeyText)
    source: str = Field(sa_type=KeyText)
    external_id: str | None = Field(default=None, sa_type=KeyText)
    stage: str = Field(sa_type=KeyText)
    owner: str | None = Field(default=None, sa_type=KeyText)
    title: str = Field(sa_type=ShownText)
    cause: str | None = Field(default=None, sa_type=KeyText)
    urgency: str | None = Field(default=None, sa_type=KeyText)
    registered_at: datetime = Field(sa_type=UtcInstant)
    registered_by: str | None = Field(default=None, sa_type=KeyText)
    contact_owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """First contact due; NULL once it was made or the case is closed."""
    decision_owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When the earliest decision that a person owes is due; NULL when nobody owes one."""
    launched_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    closed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    outcome: str | None = Field(default=None, sa_type=KeyText)
    needs_decision: bool = Field(default=False)
    decision_needed: str = Field(default="", sa_type=ShownText)
    next_due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    version: int | None = Field(default=None)
    """Of the projection; NULL before the first one."""
    document: str = Field(sa_type=Text)
    """CaseRecord without its snapshot."""
    snapshot: str | None = Field(default=None, sa_type=Text)
    party_print: str | None = Field(default=None, sa_type=KeyText)
    matter_print: str | None = Field(default=None, sa_type=KeyText)


class SerialRow(Row, table=True):
    __tablename__ = "case_serials"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int
