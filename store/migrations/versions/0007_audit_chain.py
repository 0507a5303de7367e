"""The audit becomes one chain by hash; records that are there already are chained in the order of their instants."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GENESIS = "0" * 64


def upgrade() -> None:
    _lift_guard()
    for name, kind in (("position", sa.Integer()), ("previous_hash", sa.Text()), ("hash", sa.Text())):
        op.add_column("audit", sa.Column(name, kind, nullable=True))
    length, head = _chain()
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("position", existing_type=sa.Integer(), nullable=False)
        audit.alter_column("previous_hash", existing_type=sa.Text(), nullable=False)
        audit.alter_column("hash", existing_type=sa.Text(), nullable=False)
        audit.create_unique_constraint("uq_audit_position", ["position"])
    chain = op.create_table(
        "audit_chain",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_chain"),
    )
    op.bulk_insert(chain, [{"name": "audit", "length": length, "head": head}])
    _guard()


def downgrade() -> None:
    _lift_guard()
    op.drop_table("audit_chain")
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint("uq_audit_position", type_="unique")
        for name in ("position", "previous_hash", "hash"):
            audit.drop_column(name)
    _guard()


def _chain() -> tuple[int, str]:
    """As `domain.audit_chain.link` does it; written out, because a migration must never change."""
    connection = op.get_bind()
    audit = sa.table("audit", *(sa.column(name) for name in ("record_id", "at", "document")))
    place = sa.text(
        "UPDATE audit SET position = :position, previous_hash = :previous, hash = :hash WHERE record_id = :id"
    )
    length, head = 0, GENESIS
    for record_id, document in connection.execute(
        sa.select(audit.c.record_id, audit.c.document).order_by(audit.c.at, audit.c.record_id)
    ).all():
        previous, head = head, hashlib.sha256(f"{head}\n{document}".encode()).hexdigest()
        length += 1
        connection.execute(place, {"position": length, "previous": previous, "hash": head, "id": record_id})
    return length, head


def _lift_guard() -> None:
    for change in ("update", "delete"):
        on = "" if op.get_bind().dialect.name == "sqlite" else " ON audit"
        op.execute(f"DROP TRIGGER audit_refuse_{change}{on}")


def _guard() -> None:
    for change in ("UPDATE", "DELETE"):
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER audit_refuse_{change.lower()} BEFORE {change} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        else:
            op.execute(
                f"CREATE TRIGGER audit_refuse_{change.lower()} BEFORE {change} ON audit "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit()"
            )
