"""The parts of a coordination that lists, boards and the inbox read."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from store.columns import KeyText, ShownText, UtcInstant
from store.tables.row import Row


class RequestRow(Row, table=True):
    __tablename__ = "requests"
    __table_args__ = (
        Index("ix_requests_case_id", "case_id"),
        Index("ix_requests_owed_until", "owed_until", "case_id"),
        Index("ix_requests_waiting_on", "waiting_on", "case_id"),
        Index("ix_requests_department", "department", "case_id"),
    )

    request_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(foreign_key="cases.case_id", sa_type=KeyText)
    position: int
    key: str = Field(sa_type=KeyText)
    kind: str = Field(sa_type=KeyText)
    role: str = Field(sa_type=KeyText)
    department: str | None = Field(default=None, sa_type=KeyText)
    """Of the current round."""
    state: str = Field(sa_type=KeyText)
    round: int
    """Number of the current round, 0 before the first."""
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    sign_due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    in_time: bool | None = Field(default=None)
    owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    """`due_at` while a department owes a reply, else NULL: what the overdue list reads."""
    waiting_on: str | None = Field(default=None, sa_type=KeyText)
    """The department while the request is open, else NULL."""


class RoundRow(Row, table=True):
    __tablename__ = "rounds"
    __table_args__ = (
        Index("ix_rounds_department", "department", "request_id"),
        Index("ix_rounds_end", "end", "ended_at"),
    )

    request_id: str = Field(primary_key=True, foreign_key="requests.request_id", sa_type=KeyText)
    number: int = Field(primary_key=True)
    department: str | None = Field(default=None, sa_type=KeyText)
    opened_at: datetime = Field(sa_type=UtcInstant)
    due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    sign_due_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    signed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    end: str | None = Field(default=None, sa_type=KeyText)
    reply: str | None = Field(default=None, sa_type=KeyText)
    answer_ref: str | None = Field(default=None, sa_type=ShownText)
    received_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    in_time: bool | None = Field(default=None)


class RungRow(Row, table=True):
    __tablename__ = "rungs"
    __table_args__ = (Index("ix_rungs_fired_at", "fired_at"),)

    request_id: str = Field(primary_key=True, foreign_key="requests.request_id", sa_type=KeyText)
    round: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    rung: str = Field(sa_type=ShownText)
    clock: str = Field(sa_type=KeyText)
    planned_at: datetime = Field(sa_type=UtcInstant)
    fired_at: datetime = Field(sa_type=UtcInstant)
    result: str = Field(sa_type=ShownText)
