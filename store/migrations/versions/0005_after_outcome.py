"""What follows an outcome: follow-ups, private links, progress codes, precedents, fingerprints."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _fingerprints()
    _follow_ups()
    _rating_links()
    _codes_and_precedents()


def downgrade() -> None:
    raise NotImplementedError("ratings and codes would be lost: restore a backup instead")


def _fingerprints() -> None:
    op.add_column("cases", sa.Column("party_print", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("matter_print", sa.Text(), nullable=True))
    op.create_index("ix_cases_matter_print", "cases", ["matter_print", "outcome"])
    op.create_index("ix_cases_party_print", "cases", ["party_print", "outcome"])


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("follow_up_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("reopened_as", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("call_owed_until", INSTANT, nullable=True),
        sa.Column("contact_owed_until", INSTANT, nullable=True),
        sa.Column("resolved", sa.Boolean(), nullable=True),
        sa.Column("rating", sa.Text(), nullable=True),
        sa.Column("item_rating", sa.Text(), nullable=True),
        sa.Column("reopening_owed", sa.Boolean(), nullable=False),
        sa.Column("second_owed", sa.Boolean(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("snapshot", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_follow_ups_case_id_cases"),
        sa.PrimaryKeyConstraint("follow_up_id", name="pk_follow_ups"),
        sa.UniqueConstraint("case_id", "number", name="uq_follow_ups_case_id_number"),
    )
    op.create_index("ix_follow_ups_waiting", "follow_ups", ["started_at", "ordered_at"])
    op.create_index("ix_follow_ups_reopening_owed", "follow_ups", ["reopening_owed", "reopened_as"])
    op.create_index("ix_follow_ups_second_owed", "follow_ups", ["second_owed"])


def _rating_links() -> None:
    op.create_table(
        "rating_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("follow_up_id", sa.Text(), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_ups.follow_up_id"], name="fk_rating_links_follow_up_id_follow_ups"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_rating_links"),
    )
    op.create_index("ix_rating_links_follow_up_id", "rating_links", ["follow_up_id"])
    op.create_index("ix_rating_links_undelivered", "rating_links", ["used_at", "delivered_at"])


def _codes_and_precedents() -> None:
    op.create_table(
        "progress_codes",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name="fk_progress_codes_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", name="pk_progress_codes"),
    )
    op.create_table(
        "precedents",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name="pk_precedents"),
    )
    op.create_index("ix_precedents_cause", "precedents", ["cause", "outcome"])
    op.create_index("ix_precedents_item_code", "precedents", ["item_code"])
