"""Progress codes, hashed."""

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.progress_code import ProgressAccess
from store.columns import document
from store.tables.progress_codes import ProgressCodeRow


class SqlProgressCodes:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, case_id: str, *, lock: bool = False) -> ProgressAccess | None:
        wanted = select(ProgressCodeRow).where(ProgressCodeRow.case_id == case_id)
        if lock:
            wanted = wanted.with_for_update()
        row = (await self._session.exec(wanted.execution_options(populate_existing=True))).one_or_none()
        return ProgressAccess.model_validate_json(row.document) if row else None

    async def put(self, access: ProgressAccess) -> None:
        await self._session.merge(ProgressCodeRow(case_id=access.case_id, document=document(access)))
        await self._session.flush()
