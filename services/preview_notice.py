"""What a notice would move, loaded or taken back, before anything is done."""

from collections.abc import Iterator
from datetime import datetime

from domain.case import CaseRecord
from domain.clock import ClockKind
from domain.learned_years import LearnedYears, News, with_news
from domain.store_ports import Store
from domain.wire import Instant, Wire
from domain.working_calendar import WorkingCalendar
from services.by_itself import by_itself
from services.running_cases import Running, read_counting, recounted, who_counts


class MovedClock(Wire):
    """A running clock that would end at another instant; None: it stands still, before or afterwards."""

    case_id: str
    request_id: str | None
    """Or the id of the notice, the material, the wait or the follow-up; None for the case before its launch."""
    department: str | None
    kind: ClockKind
    due_at: Instant | None
    would_be_due_at: Instant | None
    would_be_over: bool
    """It would have passed already: the ladder goes on from there at once."""


async def preview_notice(store: Store, current: WorkingCalendar, change: News, now: datetime) -> tuple[MovedClock, ...]:
    """From what the store knows of whoever counts with the calendar in force; stores nothing."""
    then = with_news(current, change)
    moved: list[MovedClock] = []
    async for name in who_counts(store):
        with by_itself(name):
            record, running = await read_counting(store, name)
            if record is not None:
                moved += _at_the_counter(record, then, now)
            if running is not None:
                moved += _running(running, then, now)
    return tuple(moved)


def _at_the_counter(record: CaseRecord, then: WorkingCalendar, now: datetime) -> Iterator[MovedClock]:
    after = recounted(record, then)
    dues = (
        (ClockKind.FIRST_CONTACT, record.first_contact_due_at, after.first_contact_due_at),
        (ClockKind.DECISION, record.decision_due_at, after.decision_due_at),
    )
    for kind, was, due_at in dues:
        if was != due_at:
            yield MovedClock(
                case_id=record.case_id,
                request_id=None,
                department=None,
                kind=kind,
                due_at=was,
                would_be_due_at=due_at,
                would_be_over=due_at is not None and due_at < now,
            )


def _running(running: Running, then: WorkingCalendar, now: datetime) -> Iterator[MovedClock]:
    told = running.news(then, running.learned, now)
    if told.empty:
        return
    learned = LearnedYears(at=now, years=told.years, taken_back=told.taken_back)
    before, after = running.explained(running.learned), running.explained((*running.learned, learned))
    for was, will in zip(before, after, strict=True):
        if was.clock.stopped_at is None and was.due.at != will.due.at:
            yield MovedClock(
                case_id=running.case_id,
                request_id=was.request_id,
                department=was.department,
                kind=was.clock.kind,
                due_at=was.due.at,
                would_be_due_at=will.due.at,
                would_be_over=will.due.at is not None and will.due.at < now,
            )
