"""Year notices of the working calendar."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.working_calendar import YearNotice
from store.columns import document
from store.tables.calendars import NoticeRow


class SqlCalendars:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def notices(self) -> Sequence[YearNotice]:
        """By year."""
        rows = await self._session.exec(select(NoticeRow).order_by(col(NoticeRow.year)))
        return [YearNotice.model_validate_json(row.document) for row in rows]

    async def load(self, notice: YearNotice) -> None:
        """Replaces an earlier notice for the same year."""
        await self._session.merge(NoticeRow(year=notice.year, document=document(notice)))
        await self._session.flush()
