"""One instant for all that staff owe in a follow-up, so that the overdue list finds it without reading every one."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("follow_ups") as follow_ups:
        follow_ups.add_column(sa.Column("owed_until", INSTANT, nullable=True))
    op.execute("UPDATE follow_ups SET owed_until = call_owed_until WHERE ended_at IS NULL")
    op.execute(
        "UPDATE follow_ups SET owed_until = contact_owed_until "
        "WHERE ended_at IS NULL AND (owed_until IS NULL OR contact_owed_until < owed_until)"
    )
    with op.batch_alter_table("follow_ups") as follow_ups:
        follow_ups.drop_column("call_owed_until")
        follow_ups.drop_column("contact_owed_until")
    op.create_index("ix_follow_ups_owed_until", "follow_ups", ["owed_until"])


def downgrade() -> None:
    op.drop_index("ix_follow_ups_owed_until", table_name="follow_ups")
    with op.batch_alter_table("follow_ups") as follow_ups:
        follow_ups.add_column(sa.Column("call_owed_until", INSTANT, nullable=True))
        follow_ups.add_column(sa.Column("contact_owed_until", INSTANT, nullable=True))
        follow_ups.drop_column("owed_until")
