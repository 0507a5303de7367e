"""When the earliest decision of a case is due: what the overdue list reads beside the departments' replies."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("decision_owed_until", INSTANT, nullable=True))
    op.create_index("ix_cases_decision_owed_until", "cases", ["decision_owed_until"])


def downgrade() -> None:
    op.drop_index("ix_cases_decision_owed_until", table_name="cases")
    with op.batch_alter_table("cases") as cases:
        cases.drop_column("decision_owed_until")
