"""A notice that is loaded reaches the cases that run and need it, once, also when the engine comes back later."""

import datetime as dt

import pytest

from domain.errors import LiandongError
from domain.learned_years import LearnYears
from domain.working_calendar import YearNotice
from services.bring_years import bring_years
from tests.services.conftest import Window, ask


@pytest.fixture(autouse=True)
def november(window: Window) -> None:
    """The last official year is about to end."""
    window.wall.at = dt.datetime(2026, 11, 2, 2, 0, tzinfo=dt.UTC)


def notice(year: int, number: str = "no. 7") -> YearNotice:
    return YearNotice(
        year=year,
        notice_number=number,
        published=dt.date(year - 1, 11, 4),
        days_off=(dt.date(year, 2, 14),),
        days_on=(),
    )


async def load(window: Window, one: YearNotice) -> None:
    async with window.store.writing() as session:
        await session.calendars.load(one)


def orders(window: Window) -> list[LearnYears]:
    return [one for one in window.engine.decisions if isinstance(one, LearnYears)]


async def test_a_running_case_learns_of_a_year_it_knew_nothing_official_about(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    brought = await bring_years(window.office)
    assert brought is not None
    assert orders(window) == []
    launch = window.engine.launches[record.case_id]
    later = max(one.year for one in launch.calendar.years) + 1
    await load(window, notice(later))
    told = await bring_years(window.office, brought)
    (order,) = orders(window)
    assert (order.decided_by, order.reason, [one.year for one in order.years]) == ("engine", "no. 7", [later])
    assert told not in (None, brought)
    assert await bring_years(window.office, told) == told
    assert len(orders(window)) == 1, "one look is enough for one calendar"
    await bring_years(window.office)
    assert {one.command_id for one in orders(window)} == {order.command_id}, "another process orders the same"


async def test_an_official_year_is_never_changed_for_a_running_case_nor_a_far_one_brought(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    known = window.engine.launches[record.case_id].calendar.years
    await load(window, notice(known[-1].year, "no. 8"))
    await load(window, notice(known[-1].year + 9))
    assert await bring_years(window.office) is not None
    assert orders(window) == []


async def test_nothing_is_taken_for_brought_while_the_engine_is_away(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    later = max(one.year for one in window.engine.launches[record.case_id].calendar.years) + 1
    await load(window, notice(later))
    window.engine.away = True
    with pytest.raises(LiandongError) as away:
        await bring_years(window.office)
    assert away.value.code.startswith("engine")
    window.engine.away = False
    assert await bring_years(window.office) is not None
    assert len(orders(window)) == 1


async def test_a_case_whose_launch_is_still_on_its_way_is_told_when_it_runs(window: Window) -> None:
    window.engine.away = True
    record = await window.launched(ask("dissolve"))
    window.engine.away = False
    later = 2027
    await load(window, notice(later, "no. 9"))
    assert await bring_years(window.office) is None
    assert orders(window) == []
    assert record.case_id not in window.engine.launches
