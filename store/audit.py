"""The audit trail beside the cases: append-only."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.audit import AuditRecord
from store.columns import document
from store.inserts import insert_if_absent
from store.tables.audit import AuditRow


class SqlAudit:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def append(self, record: AuditRecord) -> None:
        row = AuditRow(
            record_id=record.record_id,
            at=record.at,
            kind=record.kind.value,
            subject=record.subject,
            document=document(record),
        )
        await insert_if_absent(self._session, row, "record_id")

    async def latest(self, limit: int, subject: str | None = None) -> Sequence[AuditRecord]:
        """Newest first."""
        wanted = select(AuditRow).order_by(col(AuditRow.at).desc(), col(AuditRow.record_id).desc()).limit(limit)
        if subject is not None:
            wanted = wanted.where(AuditRow.subject == subject)
        return [AuditRecord.model_validate_json(row.document) for row in await self._session.exec(wanted)]
