"""What a year's notice would move is told before anything is loaded."""

import datetime as dt
from collections.abc import Sequence

import pytest

from domain.clock import Clock, ClockKind, due
from domain.learned_years import LearnedYears, News
from domain.limit import Limit
from domain.working_calendar import YearNotice
from services.order_follow_ups import order_follow_ups
from services.preview_notice import MovedClock, preview_notice
from tests.services.conftest import Window, ask
from tests.services.test_after_outcome import explained

FREE_WEEK = tuple(dt.date(2027, 1, day) for day in range(18, 23))
NOTICE = YearNotice(
    year=2027,
    notice_number="no. 7",
    published=dt.date(2026, 11, 4),
    days_off=(dt.date(2027, 1, 1), *FREE_WEEK),
    days_on=(),
)


@pytest.fixture(autouse=True)
def november(window: Window) -> None:
    """The last official year is about to end."""
    window.wall.at = dt.datetime(2026, 11, 2, 2, 0, tzinfo=dt.UTC)


def clock(window: Window, kind: ClockKind, limit: str, **changes: object) -> Clock:
    given = Clock(clock_id=f"c-{kind}", kind=kind, started_at=window.wall.at, limit=Limit.parse(limit))
    return given.model_copy(update=changes)


async def counting(window: Window, *clocks: Clock) -> str:
    """A running case whose only round has these clocks."""
    case_id = (await window.launched(ask("dissolve"))).case_id
    (request,) = window.engine.snapshots[case_id].requests
    turn = request.rounds[-1].model_copy(update={"clocks": clocks})
    await window.engine.show(case_id, requests=(request.model_copy(update={"rounds": (turn,)}),))
    return case_id


async def preview(window: Window, notice: YearNotice = NOTICE) -> Sequence[MovedClock]:
    current = await window.office.calendar.current()
    return await preview_notice(window.store, current, News(years=(notice,)), window.wall.now())


async def test_the_running_clock_that_reaches_into_the_year_is_told_and_nothing_is_stored(window: Window) -> None:
    beyond, near = (
        clock(window, ClockKind.REPLY, "60 working_days"),
        clock(window, ClockKind.SIGN_FOR, "2 working_days"),
    )
    over = clock(window, ClockKind.OBJECTION, "60 working_days", stopped_at=window.wall.at)
    case_id = await counting(window, beyond, near, over)
    before = await window.office.calendar.current()
    (moved,) = await preview(window)
    assert (moved.case_id, moved.request_id, moved.kind) == (case_id, f"{case_id}.dissolve", ClockKind.REPLY)
    assert moved.due_at == due(beyond, window.engine.launches[case_id].calendar).at
    assert moved.would_be_due_at is not None
    assert moved.due_at is not None
    assert (moved.would_be_due_at - moved.due_at).days == 7, "a free week is five working days"
    assert moved.would_be_over is False
    assert await window.office.calendar.current() == before


async def test_what_would_be_over_at_once_is_told(window: Window) -> None:
    await counting(window, clock(window, ClockKind.REPLY, "60 working_days"))
    # The first three days of January are assumed to be free
    worked = NOTICE.model_copy(update={"days_off": (), "days_on": (dt.date(2027, 1, 2), dt.date(2027, 1, 3))})
    (moved,) = await preview(window, worked)
    assert moved.would_be_due_at is not None
    assert moved.due_at is not None
    assert moved.would_be_due_at < moved.due_at
    window.wall.at = moved.would_be_due_at + dt.timedelta(minutes=1)
    (late,) = await preview(window, worked)
    assert late.would_be_over is True


async def test_a_case_that_knows_the_year_already_or_will_never_need_it_is_left_out(window: Window) -> None:
    case_id = await counting(window, clock(window, ClockKind.REPLY, "60 working_days"))
    far = NOTICE.model_copy(update={"year": 2040, "days_off": ()})
    assert await preview(window, far) == ()
    learned = LearnedYears(at=window.wall.at, years=(NOTICE,))
    await window.engine.show(case_id, learned=(learned,))
    assert await preview(window) == ()


async def test_an_amendment_and_an_undo_are_shown_as_they_would_move(window: Window) -> None:
    case_id = await counting(window, clock(window, ClockKind.REPLY, "60 working_days"))
    await window.engine.show(case_id, learned=(LearnedYears(at=window.wall.at, years=(NOTICE,)),))
    async with window.store.writing() as session:
        await session.calendars.load(NOTICE, by="operator", at=window.wall.at)
    longer = NOTICE.model_copy(update={"days_off": (*NOTICE.days_off, dt.date(2027, 1, 25))})
    (amended,) = await preview(window, longer)
    current = await window.office.calendar.current()
    (undone,) = await preview_notice(window.store, current, News(taken_back=(2027,)), window.wall.now())
    assert amended.due_at == undone.due_at
    assert amended.due_at is not None
    assert amended.would_be_due_at is not None
    assert undone.would_be_due_at is not None
    assert undone.would_be_due_at < amended.due_at < amended.would_be_due_at


async def test_follow_ups_and_the_counter_are_shown_too(window: Window) -> None:
    window.wall.at = dt.datetime(2026, 12, 31, 2, 0, tzinfo=dt.UTC)
    closed, _ = await explained(window)
    await order_follow_ups(window.office)
    counter = await window.register(external_id="ext-2")
    moved = await preview(window, NOTICE.model_copy(update={"days_off": (dt.date(2027, 1, 1), dt.date(2027, 1, 4))}))
    shown = {(one.case_id, one.request_id, one.kind) for one in moved}
    assert (closed.case_id, f"{closed.case_id}.followup1", ClockKind.FOLLOW_UP) in shown
    assert (counter.case_id, None, ClockKind.FIRST_CONTACT) in shown
