"""The tables. Whole values are JSON documents; beside them stand only the columns that queries need."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, MetaData, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.columns import KeyText, ShownText, UtcInstant


class Row(SQLModel):
    """Own metadata with named constraints, so that migrations can address them on every database."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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


class SerialRow(Row, table=True):
    __tablename__ = "case_serials"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


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


class InboxRow(Row, table=True):
    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("department", "message_id"),
        Index("ix_inbox_round", "request_id", "round", "ends_round"),
        Index("ix_inbox_case_id", "case_id"),
        Index("ix_inbox_status", "status", "received_at"),
        # At most one effective reply a round, whatever two processes believe at the same instant
        Index(
            "uq_inbox_effective",
            "request_id",
            "round",
            unique=True,
            sqlite_where=text("effective"),
            postgresql_where=text("effective"),
        ),
    )

    entry_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    message_id: str = Field(sa_type=KeyText)
    case_id: str | None = Field(default=None, sa_type=KeyText)
    request_id: str = Field(sa_type=KeyText)
    round: int
    ends_round: bool
    """A reply that is more than an interim note."""
    effective: bool
    """Ends its round, and is applied or waits to be."""
    received_at: datetime = Field(sa_type=UtcInstant)
    raw: bytes = Field(sa_type=LargeBinary)
    status: str = Field(sa_type=KeyText)
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)
    """InboxEntry with its bytes left empty."""


class DeskRow(Row, table=True):
    __tablename__ = "desk"
    __table_args__ = (
        UniqueConstraint("link_hash"),
        Index("ix_desk_department", "department", "arrived_at"),
        Index("ix_desk_request", "request_id", "round"),
    )

    round_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    request_id: str = Field(sa_type=KeyText)
    round: int
    arrived_at: datetime = Field(sa_type=UtcInstant)
    link_hash: str | None = Field(default=None, sa_type=KeyText)
    """SHA-256, hex. The link itself is nowhere."""
    document: str = Field(sa_type=Text)


class LaunchIntentRow(Row, table=True):
    __tablename__ = "launch_intents"
    __table_args__ = (Index("ix_launch_intents_waiting", "done_at", "requested_at"),)

    case_id: str = Field(primary_key=True, foreign_key="cases.case_id", sa_type=KeyText)
    requested_at: datetime = Field(sa_type=UtcInstant)
    done_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)


class CommandRow(Row, table=True):
    """What was decided under which key."""

    __tablename__ = "commands"

    command_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(foreign_key="cases.case_id", sa_type=KeyText)
    fingerprint: str = Field(sa_type=KeyText)
    at: datetime = Field(sa_type=UtcInstant)


class DepartmentRow(Row, table=True):
    __tablename__ = "departments"

    code: str = Field(primary_key=True, sa_type=KeyText)
    document: str = Field(sa_type=Text)
    seeded: str | None = Field(default=None, sa_type=Text)
    """What the policy said at the last start; NULL for departments that no policy names."""


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


class NoticeRow(Row, table=True):
    __tablename__ = "calendar_notices"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    document: str = Field(sa_type=Text)


class FollowUpRow(Row, table=True):
    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        Index("ix_follow_ups_waiting", "started_at", "ordered_at"),
        Index("ix_follow_ups_reopening_owed", "reopening_owed", "reopened_as"),
        Index("ix_follow_ups_second_owed", "second_owed"),
    )

    follow_up_id: str = Field(primary_key=True, sa_type=KeyText)
    case_id: str = Field(foreign_key="cases.case_id", sa_type=KeyText)
    number: int
    ordered_at: datetime = Field(sa_type=UtcInstant)
    started_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    """When the engine had it."""
    reopened_as: str | None = Field(default=None, sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """FollowUpOrder without its snapshot."""
    version: int | None = Field(default=None)
    """Of the projection; NULL before the first one. What follows is the projection's alone."""
    call_owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    contact_owed_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    resolved: bool | None = Field(default=None)
    rating: str | None = Field(default=None, sa_type=KeyText)
    """Of the coordination."""
    item_rating: str | None = Field(default=None, sa_type=KeyText)
    reopening_owed: bool = Field(default=False)
    second_owed: bool = Field(default=False)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    snapshot: str | None = Field(default=None, sa_type=Text)


class RatingLinkRow(Row, table=True):
    __tablename__ = "rating_links"
    __table_args__ = (
        Index("ix_rating_links_follow_up_id", "follow_up_id"),
        Index("ix_rating_links_undelivered", "used_at", "delivered_at"),
    )

    token_hash: str = Field(primary_key=True, sa_type=KeyText)
    """SHA-256, hex. The token itself is nowhere."""
    follow_up_id: str = Field(foreign_key="follow_ups.follow_up_id", sa_type=KeyText)
    used_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    document: str = Field(sa_type=Text)


class ProgressCodeRow(Row, table=True):
    __tablename__ = "progress_codes"

    case_id: str = Field(primary_key=True, foreign_key="cases.case_id", sa_type=KeyText)
    document: str = Field(sa_type=Text)
    """ProgressAccess: a keyed hash, never the code."""


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


class AuditRow(Row, table=True):
    """Append-only: triggers refuse every other change."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "at", "record_id"), Index("ix_audit_subject", "subject", "at"))

    record_id: str = Field(primary_key=True, sa_type=KeyText)
    at: datetime = Field(sa_type=UtcInstant)
    kind: str = Field(sa_type=KeyText)
    subject: str = Field(sa_type=KeyText)
    document: str = Field(sa_type=Text)


class OutboxRow(Row, table=True):
    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_case_id", "case_id", "sent_at"),)

    entry_id: str = Field(primary_key=True, sa_type=KeyText)
    department: str = Field(sa_type=KeyText)
    message_id: str = Field(sa_type=KeyText)
    case_id: str | None = Field(default=None, sa_type=KeyText)
    sent_at: datetime = Field(sa_type=UtcInstant)
    body: bytes = Field(sa_type=LargeBinary)
    reply: bytes = Field(sa_type=LargeBinary)
    document: str = Field(sa_type=Text)
    """SentMessage with its bytes left empty."""
