"""What left for departments becomes what was said both ways, with all the rounds that it is about."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_exchanges"),
    )
    rounds = op.create_table(
        "exchange_rounds",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("round_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["exchanges.entry_id"], name="fk_exchange_rounds_entry_id_exchanges"),
        sa.PrimaryKeyConstraint("entry_id", "round_id", name="pk_exchange_rounds"),
    )
    op.create_index("ix_exchange_rounds_case_id", "exchange_rounds", ["case_id"])
    op.execute(
        "INSERT INTO exchanges (entry_id, department, sent_at, body, reply, document) "
        "SELECT entry_id, department, sent_at, body, reply, document FROM outbox"
    )
    known = op.get_bind().execute(sa.text("SELECT entry_id, message_id FROM outbox")).all()
    named = [(entry_id, re.match(r"((LD-\d{4}-\d{6})\.[a-z][a-z0-9_-]*\.r\d+)", text)) for entry_id, text in known]
    about = [{"entry_id": entry_id, "round_id": of[1], "case_id": of[2]} for entry_id, of in named if of]
    if about:
        op.bulk_insert(rounds, about)
    op.drop_table("outbox")


def downgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reply", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_case_id", "outbox", ["case_id", "sent_at"])
    op.execute(
        "INSERT INTO outbox (entry_id, department, message_id, case_id, sent_at, body, reply, document) "
        "SELECT e.entry_id, e.department, min(r.round_id), min(r.case_id), e.sent_at, e.body, e.reply, e.document "
        "FROM exchanges e JOIN exchange_rounds r ON r.entry_id = e.entry_id "
        "GROUP BY e.entry_id, e.department, e.sent_at, e.body, e.reply, e.document"
    )
    op.drop_table("exchange_rounds")
    op.drop_table("exchanges")
