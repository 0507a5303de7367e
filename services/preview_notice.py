"""What loading a year's notice would move, before anything is loaded."""

from datetime import datetime

from domain.clock import ClockKind
from domain.learned_years import LearnedYears, news, with_years
from domain.store_ports import Store
from domain.wire import Instant, Wire
from domain.working_calendar import YearNotice
from services.launch_circumstances import for_case
from services.read_case import explained
from services.running_cases import known_by, running_cases


class MovedClock(Wire):
    """A clock of a running case that would end at another instant; None: it stands still, before or afterwards."""

    case_id: str
    request_id: str | None
    """Or the id of the notice, the material or the wait."""
    department: str | None
    kind: ClockKind
    due_at: Instant | None
    would_be_due_at: Instant | None
    would_be_over: bool
    """It would have passed already: the ladder goes on from there at once."""


async def preview_notice(store: Store, notice: YearNotice, now: datetime) -> tuple[MovedClock, ...]:
    """From what the store knows of running cases; stores nothing."""
    moved: list[MovedClock] = []
    async for record, launch in running_cases(store, now):
        known = known_by(record, launch)
        years = news(known, for_case(with_years(known, [notice]), launch.launched_at).years)
        if record.snapshot is None or not years:
            continue
        learned = (*record.snapshot.learned, LearnedYears(at=now, years=years))
        before = explained(record.snapshot, launch.calendar)
        after = explained(record.snapshot.model_copy(update={"learned": learned}), launch.calendar)
        moved += [
            MovedClock(
                case_id=record.case_id,
                request_id=was.request_id,
                department=was.department,
                kind=was.clock.kind,
                due_at=was.due.at,
                would_be_due_at=then.due.at,
                would_be_over=then.due.at is not None and then.due.at < now,
            )
            for was, then in zip(before, after, strict=True)
            if was.clock.stopped_at is None and was.due.at != then.due.at
        ]
    return tuple(moved)
