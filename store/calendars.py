"""Year notices of the working calendar."""

from collections.abc import Sequence
from functools import lru_cache

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
        return [_notice(row.document) for row in rows]

    async def load(self, notice: YearNotice) -> None:
        """Replaces an earlier notice for the same year."""
        await self._session.merge(NoticeRow(year=notice.year, document=document(notice)))
        await self._session.flush()


@lru_cache(maxsize=32)
def _notice(text: str) -> YearNotice:
    """Checking a notice day by day takes longer than reading it; the same text is the same notice."""
    return YearNotice.model_validate_json(text)
