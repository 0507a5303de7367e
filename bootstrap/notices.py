"""What an operator does with calendar notices: look at what one moves, load it, take it back. The store is enough."""

from uuid import uuid4

from adapters.system_time import SystemTime
from bootstrap.calendar import stored_calendar
from bootstrap.open_store import open_store
from bootstrap.operator_error import OperatorError
from bootstrap.policies import load_policy
from bootstrap.running import paced_as_it_runs
from bootstrap.settings import Settings
from domain.audit import AuditKind, AuditRecord
from domain.learned_years import News
from domain.notice_load import NoticeLoad
from domain.store_ports import StoreSession
from domain.working_calendar import YearNotice
from services.preview_notice import MovedClock, preview_notice

_OPERATOR = "operator"


async def preview_calendar(settings: Settings, change: News) -> tuple[MovedClock, ...]:
    """Which running clocks would move. Raises PolicyError."""
    policy = load_policy(settings.policies)
    async with open_store(settings) as store:
        current = await stored_calendar(store, policy, paced_as_it_runs(settings)).current()
        return await preview_notice(store, current, change, SystemTime().now())


async def load_calendar(settings: Settings, notice: YearNotice) -> None:
    """The running product tells whoever needs it."""
    async with open_store(settings) as store, store.writing() as session:
        await session.calendars.load(notice, by=_OPERATOR, at=SystemTime().now())
        await _note(session, AuditKind.NOTICE_LOADED, notice)


async def in_force(settings: Settings, year: int) -> tuple[NoticeLoad, NoticeLoad | None]:
    """The latest load of a year, and what is in force again once it is taken back. Raises OperatorError."""
    async with open_store(settings) as store, store.reading() as session:
        standing = [load for load in await session.calendars.loads(year) if load.taken_back_at is None]
    if not standing:
        raise OperatorError(f"{year} 年没有可撤回的通知 · no notice for {year} is in force, so none can be taken back")
    return standing[-1], standing[-2] if len(standing) > 1 else None


async def take_back(settings: Settings, load: NoticeLoad) -> None:
    """Raises CONFLICT `notice-not-latest`: somebody was faster."""
    async with open_store(settings) as store, store.writing() as session:
        await session.calendars.take_back(load, by=_OPERATOR, at=SystemTime().now())
        await _note(session, AuditKind.NOTICE_TAKEN_BACK, load.notice)


async def _note(session: StoreSession, kind: AuditKind, notice: YearNotice) -> None:
    record = AuditRecord(
        record_id=uuid4().hex,
        kind=kind,
        at=SystemTime().now(),
        actor=_OPERATOR,
        subject=f"calendar:{notice.year}",
        data={"notice": notice.notice_number, "status": notice.status},
    )
    await session.audit.append(record)
