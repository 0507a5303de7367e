"""Year notices of the working calendar: every load is kept, the latest that was not taken back is in force."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import conflict
from domain.notice_load import NoticeLoad
from domain.working_calendar import YearNotice
from store.columns import document
from store.tables.calendars import NoticeLoadRow

_LOCK: Final = 0x63616C656E646172
"""Names the calendar among PostgreSQL's advisory locks ("calendar")."""


class SqlCalendars:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hold(self) -> None:
        """On SQLite a transaction that writes holds everything already."""
        await self._lock(alone=False)

    async def notices(self) -> Sequence[YearNotice]:
        """By year."""
        in_force = {row.year: row for row in await self._rows(col(NoticeLoadRow.taken_back_at).is_(None))}
        return [_notice(in_force[year].document) for year in sorted(in_force)]

    async def loads(self, year: int | None = None) -> Sequence[NoticeLoad]:
        rows = await self._rows(*(() if year is None else (col(NoticeLoadRow.year) == year,)))
        return [_load_of(row) for row in rows]

    async def load(self, notice: YearNotice, *, by: str, at: datetime) -> None:
        """What is in force already is not loaded once more."""
        await self._lock(alone=True)
        if notice not in await self.notices():
            row = NoticeLoadRow(year=notice.year, document=document(notice), loaded_at=at, loaded_by=by)
            self._session.add(row)
            await self._session.flush()

    async def take_back(self, load: NoticeLoad, *, by: str, at: datetime) -> None:
        await self._lock(alone=True)
        in_force = await self._rows(
            col(NoticeLoadRow.year) == load.notice.year, col(NoticeLoadRow.taken_back_at).is_(None)
        )
        if not in_force or in_force[-1].load_id != load.load_id:
            raise conflict("notice-not-latest", "Another notice for this year has been loaded or taken back meanwhile.")
        in_force[-1].taken_back_at, in_force[-1].taken_back_by = at, by
        await self._session.flush()

    async def _rows(self, *conditions: ColumnElement[bool]) -> Sequence[NoticeLoadRow]:
        """The oldest load first."""
        wanted = select(NoticeLoadRow).where(*conditions).order_by(col(NoticeLoadRow.load_id))
        return (await self._session.exec(wanted.execution_options(populate_existing=True))).all()

    async def _lock(self, *, alone: bool) -> None:
        if self._session.get_bind().dialect.name != "postgresql":
            return
        take = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        await self._session.exec(select(take(_LOCK)))


def _load_of(row: NoticeLoadRow) -> NoticeLoad:
    return NoticeLoad(
        load_id=row.load_id or 0,
        notice=_notice(row.document),
        loaded_at=row.loaded_at,
        loaded_by=row.loaded_by,
        taken_back_at=row.taken_back_at,
        taken_back_by=row.taken_back_by,
    )


@lru_cache(maxsize=32)
def _notice(text: str) -> YearNotice:
    """Checking a notice day by day takes longer than reading it; the same text is the same notice."""
    return YearNotice.model_validate_json(text)
