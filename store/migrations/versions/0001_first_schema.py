"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _cases()
    _serials_and_launches()
    _requests()
    _rounds()
    _rungs()
    _facts()
    _inbox()
    _directory()
    _guard_facts()


def downgrade() -> None:
    raise NotImplementedError("below the first schema lies nothing: restore a backup instead")


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=True),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("contact_owed_until", INSTANT, nullable=True),
        sa.Column("launched_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("needs_decision", sa.Boolean(), nullable=False),
        sa.Column("decision_needed", sa.Text(), nullable=False),
        sa.Column("next_due_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_cases"),
        sa.UniqueConstraint("source", "external_id", name="uq_cases_source_external_id"),
    )
    op.create_index("ix_cases_cause", "cases", ["cause", "registered_at", "case_id"])
    op.create_index("ix_cases_contact_owed_until", "cases", ["contact_owed_until"])
    op.create_index("ix_cases_needs_decision", "cases", ["needs_decision", "registered_at", "case_id"])
    op.create_index("ix_cases_newest", "cases", ["registered_at", "case_id"])
    op.create_index("ix_cases_outcome", "cases", ["outcome", "registered_at", "case_id"])
    op.create_index("ix_cases_owner", "cases", ["owner", "registered_at", "case_id"])
    op.create_index("ix_cases_stage", "cases", ["stage", "registered_at", "case_id"])


def _serials_and_launches() -> None:
    op.create_table(
        "case_serials",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_case_serials"),
    )
    op.create_table(
        "launch_intents",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_launch_intents_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", name="pk_launch_intents"),
    )
    op.create_index("ix_launch_intents_waiting", "launch_intents", ["done_at", "requested_at"])


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("sign_due_at", INSTANT, nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("owed_until", INSTANT, nullable=True),
        sa.Column("waiting_on", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_requests_case_id_cases"),
        sa.PrimaryKeyConstraint("request_id", name="pk_requests"),
    )
    op.create_index("ix_requests_case_id", "requests", ["case_id"])
    op.create_index("ix_requests_owed_until", "requests", ["owed_until", "case_id"])
    op.create_index("ix_requests_waiting_on", "requests", ["waiting_on", "case_id"])


def _rounds() -> None:
    op.create_table(
        "rounds",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("sign_due_at", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("signed_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("answer_ref", sa.Text(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["requests.request_id"], name="fk_rounds_request_id_requests"),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_rounds"),
    )


def _rungs() -> None:
    op.create_table(
        "rungs",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("fired_at", INSTANT, nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.request_id"], name="fk_rungs_request_id_requests"),
        sa.PrimaryKeyConstraint("request_id", "round", "position", name="pk_rungs"),
    )
    op.create_index("ix_rungs_fired_at", "rungs", ["fired_at"])


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fact_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "position", name="pk_facts"),
        sa.UniqueConstraint("fact_id", name="uq_facts_fact_id"),
    )
    op.create_index("ix_facts_kind", "facts", ["case_id", "kind"])
    op.create_table(
        "fact_chains",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_fact_chains"),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("ends_round", sa.Boolean(), nullable=False),
        sa.Column("effective", sa.Boolean(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_inbox"),
        sa.UniqueConstraint("department", "message_id", name="uq_inbox_department_message_id"),
    )
    op.create_index("ix_inbox_case_id", "inbox", ["case_id"])
    op.create_index("ix_inbox_round", "inbox", ["request_id", "round", "ends_round"])
    op.create_index("ix_inbox_status", "inbox", ["status", "received_at"])
    op.create_index(
        "uq_inbox_effective",
        "inbox",
        ["request_id", "round"],
        unique=True,
        sqlite_where=sa.text("effective"),
        postgresql_where=sa.text("effective"),
    )


def _directory() -> None:
    op.create_table(
        "departments",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_departments"),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_people"),
    )
    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.person_id"], name="fk_tokens_person_id_people"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_tokens"),
    )
    op.create_index("ix_tokens_person_id", "tokens", ["person_id"])
    op.create_table(
        "calendar_notices",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_calendar_notices"),
    )


def _guard_facts() -> None:
    """Facts are appended and never touched again, whoever is connected."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER facts_refuse_{change.lower()} BEFORE {change} ON facts "
                "BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_facts() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'facts are append-only'; END $$"
    )
    for change, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER facts_refuse_{change.lower()} BEFORE {change} ON facts "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change_of_facts()"
        )
