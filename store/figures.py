"""Counts for those who run the product. Each is driven from the short list of what is open."""

from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.codes import CaseStage
from domain.inbox import InboxStatus
from domain.office_figures import OfficeFigures
from store.case_pages import CasePages
from store.tables.cases import CaseRow
from store.tables.inbox import InboxRow
from store.tables.launch_intents import LaunchIntentRow
from store.tables.row import Row

_OPEN = tuple(stage for stage in CaseStage if stage is not CaseStage.CLOSED)


class SqlFigures:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def at(self, now: datetime) -> OfficeFigures:
        waiting, oldest = await self._messages_waiting()
        return OfficeFigures(
            open_cases=await self._open_cases(),
            overdue_cases=await self._count(CaseRow, CasePages(self._session, now).overdue()),
            awaiting_decision=await self._count(CaseRow, col(CaseRow.needs_decision).is_(True)),
            launches_waiting=await self._count(LaunchIntentRow, col(LaunchIntentRow.done_at).is_(None)),
            messages_waiting=waiting,
            oldest_message_at=oldest,
            messages_quarantined=await self._count(InboxRow, col(InboxRow.status) == InboxStatus.QUARANTINED.value),
        )

    async def _count(self, table: type[Row], which: ColumnElement[bool]) -> int:
        return (await self._session.exec(select(func.count()).select_from(table).where(which))).one()

    async def _open_cases(self) -> dict[CaseStage, int]:
        wanted = [stage.value for stage in _OPEN]
        counted = select(CaseRow.stage, func.count()).where(col(CaseRow.stage).in_(wanted)).group_by(CaseRow.stage)
        found = {CaseStage(stage): number for stage, number in await self._session.exec(counted)}
        return {stage: found.get(stage, 0) for stage in _OPEN}

    async def _messages_waiting(self) -> tuple[int, datetime | None]:
        received = col(InboxRow.status) == InboxStatus.RECEIVED.value
        return (await self._session.exec(select(func.count(), func.min(InboxRow.received_at)).where(received))).one()
