"""Every load of a calendar notice, so that one can be taken back; and when a rating is brought again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice_loads",
        sa.Column("load_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("loaded_at", INSTANT, nullable=True),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("taken_back_at", INSTANT, nullable=True),
        sa.Column("taken_back_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("load_id", name=op.f("pk_notice_loads")),
    )
    op.create_index("ix_notice_loads_year", "notice_loads", ["year", "load_id"])
    op.execute(
        "INSERT INTO notice_loads (year, document, loaded_by) "
        "SELECT year, document, 'unknown' FROM calendar_notices ORDER BY year"
    )
    op.drop_table("calendar_notices")
    with op.batch_alter_table("rating_links") as rating_links:
        rating_links.add_column(sa.Column("next_attempt_at", INSTANT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rating_links") as rating_links:
        rating_links.drop_column("next_attempt_at")
    op.create_table(
        "calendar_notices",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_notices")),
    )
    op.execute(
        "INSERT INTO calendar_notices (year, document) SELECT year, document FROM notice_loads WHERE load_id IN "
        "(SELECT max(load_id) FROM notice_loads WHERE taken_back_at IS NULL GROUP BY year)"
    )
    op.drop_index("ix_notice_loads_year", table_name="notice_loads")
    op.drop_table("notice_loads")
