"""Desks of people without a system."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk",
        sa.Column("round_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link_hash", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", name="pk_desk"),
        sa.UniqueConstraint("link_hash", name="uq_desk_link_hash"),
    )
    op.create_index("ix_desk_department", "desk", ["department", "arrived_at"])
    op.create_index("ix_desk_request", "desk", ["request_id", "round"])


def downgrade() -> None:
    op.drop_table("desk")
