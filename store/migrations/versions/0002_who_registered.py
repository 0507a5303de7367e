"""Who registered a case, whom it concerns, and how rounds ended: columns and indexes for lists and the reconciler."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BY = {
    "sqlite": "json_extract(document, '$.registered_by')",
    "postgresql": "CAST(document AS json) ->> 'registered_by'",
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("registered_by", sa.Text(), nullable=True))
    op.execute(f"UPDATE cases SET registered_by = {_BY[op.get_bind().dialect.name]}")
    op.create_index("ix_cases_registered_by", "cases", ["registered_by", "registered_at", "case_id"])
    op.create_index("ix_requests_department", "requests", ["department", "case_id"])
    op.create_index("ix_rounds_department", "rounds", ["department", "request_id"])
    op.create_index("ix_rounds_end", "rounds", ["end", "ended_at"])


def downgrade() -> None:
    op.drop_index("ix_rounds_end", "rounds")
    op.drop_index("ix_rounds_department", "rounds")
    op.drop_index("ix_requests_department", "requests")
    op.drop_index("ix_cases_registered_by", "cases")
    op.drop_column("cases", "registered_by")
