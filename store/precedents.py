"""De-identified drafts of closed cases."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.codes import CaseStage
from domain.precedent import Precedent
from store.columns import document
from store.inserts import insert_if_absent, put
from store.tables.cases import CaseRow
from store.tables.precedents import PrecedentRow


class SqlPrecedents:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, precedent: Precedent) -> bool:
        return await insert_if_absent(self._session, _row_of(precedent), "case_id")

    async def put(self, precedent: Precedent) -> None:
        await put(self._session, PrecedentRow, [_row_of(precedent).model_dump()])

    async def get(self, case_id: str) -> Precedent | None:
        row = await self._session.get(PrecedentRow, case_id)
        return Precedent.model_validate_json(row.document) if row else None

    async def undrafted(self, limit: int) -> Sequence[str]:
        drafted = select(PrecedentRow.case_id).where(PrecedentRow.case_id == CaseRow.case_id)
        wanted = (
            select(CaseRow.case_id)
            .where(CaseRow.stage == CaseStage.CLOSED.value, ~drafted.exists())
            .order_by(col(CaseRow.registered_at), col(CaseRow.case_id))
            .limit(limit)
        )
        return (await self._session.exec(wanted)).all()


def _row_of(precedent: Precedent) -> PrecedentRow:
    return PrecedentRow(
        case_id=precedent.case_id,
        cause=precedent.cause.value if precedent.cause else None,
        outcome=precedent.outcome.value,
        item_code=precedent.item_code,
        closed_at=precedent.closed_at,
        document=document(precedent),
    )
