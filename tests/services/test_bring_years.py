"""A calendar that has changed reaches whoever counts with it, once, also when the engine comes back later."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.clock import ClockKind, due
from domain.errors import LiandongError
from domain.fact import FactKind
from domain.follow_up import LearnFollowUpYears
from domain.learned_years import LearnYears
from domain.rung_proof import ClockProofs
from domain.working_calendar import YearNotice
from services.bring_years import NOBODY, bring_years
from services.launch_coordination import launch_coordination
from services.open_progress import open_progress
from services.order_follow_ups import order_follow_ups
from services.read_case import explain_clocks
from services.read_progress import read_progress
from tests.services.conftest import LEADER, Window, ask, plan
from tests.services.test_after_outcome import explained
from tests.services.test_verify_invariants import change


@pytest.fixture(autouse=True)
def november(window: Window) -> None:
    """The last official year is about to end."""
    window.wall.at = dt.datetime(2026, 11, 2, 2, 0, tzinfo=dt.UTC)


def notice(year: int, number: str = "no. 7", *days_off: dt.date) -> YearNotice:
    return YearNotice(
        year=year,
        notice_number=number,
        published=dt.date(year - 1, 11, 4),
        days_off=days_off or (dt.date(year, 2, 14),),
        days_on=(),
    )


async def load(window: Window, one: YearNotice) -> None:
    async with window.store.writing() as session:
        await session.calendars.load(one, by="operator", at=window.wall.now())


async def take_back(window: Window, year: int) -> None:
    async with window.store.writing() as session:
        standing = [one for one in await session.calendars.loads(year) if one.taken_back_at is None]
        await session.calendars.take_back(standing[-1], by="operator", at=window.wall.now())


def orders(window: Window) -> list[LearnYears]:
    return [one for one in window.engine.decisions if isinstance(one, LearnYears)]


async def test_a_running_case_learns_of_a_year_it_knew_nothing_official_about(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    brought = await bring_years(window.office)
    assert not brought.left
    assert orders(window) == []
    launch = window.engine.launches[record.case_id]
    later = max(one.year for one in launch.calendar.years) + 1
    await load(window, notice(later))
    told = await bring_years(window.office, brought)
    (order,) = orders(window)
    assert (order.decided_by, order.reason, [one.year for one in order.years]) == ("engine", "no. 7", [later])
    assert told.version != brought.version
    assert told.left == {record.case_id}, "until its record shows it"
    seen = await bring_years(window.office, told)
    assert not seen.left
    assert await bring_years(window.office, seen) is seen, "one look is enough for one calendar"
    assert await bring_years(window.office, NOBODY) == seen, "nor does another process order anything"
    assert len(orders(window)) == 1


async def test_an_official_year_that_was_amended_is_learned_and_taking_it_back_too(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    known = window.engine.launches[record.case_id].calendar.years[-1]
    amended = notice(known.year, "no. 8")
    await load(window, amended)
    brought = await bring_years(window.office)
    await take_back(window, known.year)
    back = await bring_years(window.office, brought)
    await take_back(window, known.year)
    nothing = await bring_years(window.office, back)
    await load(window, amended)
    await bring_years(window.office, nothing)
    said = [(order.years, order.taken_back) for order in orders(window)]
    assert said == [((amended,), ()), ((known,), ()), ((), (known.year,)), ((amended,), ())]
    assert all(order.amends for order in orders(window))
    assert len({order.command_id for order in orders(window)}) == 4, "the same content again is another order"


async def test_a_year_that_the_case_will_never_need_is_not_brought(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    await load(window, notice(window.engine.launches[record.case_id].calendar.years[-1].year + 9))
    assert not (await bring_years(window.office)).left
    assert orders(window) == []
    window.wall.wait(days=365 * 8)
    await bring_years(window.office)
    assert len(orders(window)) == 1, "it has become a case of many years"


async def test_an_undo_reaches_a_case_whose_record_does_not_show_yet_what_it_was_told(window: Window) -> None:
    record = await window.launched(ask("dissolve"))
    await load(window, notice(2027))
    window.engine.writes = False
    brought = await bring_years(window.office)
    await take_back(window, 2027)
    await bring_years(window.office, brought)
    assert [order.taken_back for order in orders(window)] == [(), (2027,)]
    assert window.engine.snapshots[record.case_id].learned[-1].taken_back == (2027,)


async def test_nothing_is_taken_for_brought_while_the_engine_is_away(window: Window) -> None:
    for serial in range(4):
        await window.launched(ask("dissolve"), external_id=f"ext-{serial}")
    await load(window, notice(2027))
    window.engine.away = True
    with pytest.raises(LiandongError) as away:
        await bring_years(window.office)
    assert away.value.code.startswith("engine")
    window.engine.away = False
    assert len((await bring_years(window.office)).left) == 4
    assert len(orders(window)) == 4


@pytest.mark.parametrize("trouble", ["stuck", "broken"])
async def test_a_case_that_cannot_be_told_keeps_the_notice_from_no_other_and_is_tried_again_alone(
    window: Window, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await window.launched(ask("dissolve"))
    second = await window.launched(ask("dissolve"), external_id="ext-2")
    await load(window, notice(2027))
    getattr(window.engine, trouble).add(first.case_id)
    brought = await bring_years(window.office)
    assert [window.engine.snapshots[one.case_id].learned != () for one in (first, second)] == [False, True]
    brought = await bring_years(window.office, brought)
    assert brought.left == {first.case_id}
    getattr(window.engine, trouble).clear()

    def nobody(_store: Any) -> AsyncIterator[str]:
        raise AssertionError("all cases are looked at again")

    monkeypatch.setattr("services.bring_years.who_counts", nobody)
    assert not (await bring_years(window.office, await bring_years(window.office, brought))).left
    assert window.engine.snapshots[first.case_id].learned != ()


async def test_a_case_that_cannot_be_read_keeps_the_notice_from_no_other(window: Window, tmp_path: Path) -> None:
    first = await window.launched(ask("dissolve"))
    second = await window.launched(ask("dissolve"), external_id="ext-2")
    change(tmp_path, "UPDATE launch_intents SET document = '{}' WHERE case_id = ?", first.case_id)
    await load(window, notice(2027))
    assert (await bring_years(window.office)).left == {first.case_id, second.case_id}
    assert window.engine.snapshots[second.case_id].learned != ()


async def test_a_case_whose_launch_is_still_on_its_way_is_told_when_it_runs(window: Window) -> None:
    window.engine.away = True
    record = await window.launched(ask("dissolve"))
    window.engine.away = False
    await load(window, notice(2027, "no. 9"))
    brought = await bring_years(window.office)
    assert brought.left == {record.case_id}
    assert orders(window) == []
    assert record.case_id not in window.engine.launches


async def test_a_notice_that_is_loaded_while_a_launch_waits_for_its_turn_is_in_the_launch(window: Window) -> None:
    record = await window.triaged()

    class Busy:
        """Somebody loads a notice just before the launch gets its turn to write."""

        def reading(self) -> AbstractAsyncContextManager[Any]:
            return window.store.reading()

        def starting(self) -> AbstractAsyncContextManager[Any]:
            return window.store.starting()

        @asynccontextmanager
        async def writing(self) -> AsyncIterator[Any]:
            await load(window, notice(2027))
            async with window.store.writing() as session:
                yield session

        async def ready(self) -> str | None:
            return None

    await launch_coordination(dataclasses.replace(window.office, store=Busy()), LEADER, record.case_id, plan())
    launched = window.engine.launches[record.case_id]
    assert [one.notice_number for one in launched.calendar.years if one.year == 2027] == ["no. 7"]


async def test_a_follow_up_learns_too_and_explains_what_it_counted_with(window: Window) -> None:
    window.wall.at = dt.datetime(2026, 12, 30, 2, 0, tzinfo=dt.UTC)
    record, _ = await explained(window)
    await order_follow_ups(window.office)
    (follow_up,) = window.follow_ups.launches
    before = next(
        one.due.at for one in await explain_clocks(window.office, LEADER, record.case_id) if one.request_id == follow_up
    )
    await load(window, notice(2027, "no. 7", *(dt.date(2027, 1, day) for day in (1, 4, 5))))
    brought = await bring_years(window.office)
    assert brought.left == {follow_up}
    (order,) = [one for one in window.follow_ups.commands.values() if isinstance(one, LearnFollowUpYears)]
    assert [one.year for one in order.years] == [2027]
    assert not (await bring_years(window.office, brought)).left
    (told,) = [
        one for one in await explain_clocks(window.office, LEADER, record.case_id) if one.request_id == follow_up
    ]
    assert told.clock.kind is ClockKind.FOLLOW_UP
    assert before is not None
    assert told.due.at is not None
    assert (told.due.at - before).days == 4, "two working days, over a weekend"


async def test_the_look_at_what_nobody_moves_after_a_follow_ups_last_rung_is_explained_too(window: Window) -> None:
    record, _ = await explained(window)
    await order_follow_ups(window.office)
    (follow_up,) = window.follow_ups.launches
    shown = window.follow_ups.snapshots[follow_up]
    review = shown.call.clock.model_copy(update={"clock_id": f"{follow_up}.review", "kind": ClockKind.REVIEW})
    still = shown.model_copy(update={"standing_still": ClockProofs(clock=review), "version": shown.version + 1})
    async with window.store.writing() as session:
        await session.follow_ups.project(still)
    told = await explain_clocks(window.office, LEADER, record.case_id)
    assert [one.clock.kind for one in told if one.request_id == follow_up] == [ClockKind.FOLLOW_UP, ClockKind.REVIEW]


async def test_a_notice_that_gives_more_time_to_rate_is_told_to_the_requester(window: Window) -> None:
    record, code = await explained(window)
    await order_follow_ups(window.office)
    (follow_up,) = window.follow_ups.launches
    shown = window.follow_ups.snapshots[follow_up]
    later = shown.rating_closes_at + dt.timedelta(days=3)
    async with window.store.writing() as session:
        more = {"rating_closes_at": later, "call_over": True, "version": shown.version + 1}
        await session.follow_ups.project(shown.model_copy(update=more))
    window.wall.at = later - dt.timedelta(hours=1)
    told = await read_progress(window.office, await open_progress(window.office, record.case_id, code))
    assert told.rating is not None
    assert (told.rating.state, told.rating.closes_at) == ("open", later)


async def test_what_is_owed_at_the_counter_is_counted_anew_in_the_store(window: Window) -> None:
    window.wall.at = dt.datetime(2026, 12, 31, 2, 0, tzinfo=dt.UTC)
    record = await window.register()
    assert record.decision_due_at is not None
    await load(window, notice(2027, "no. 7", *(dt.date(2027, 1, day) for day in (1, 4))))
    await bring_years(window.office)
    after = await window.record(record.case_id)
    calendar = await window.office.calendar.current()
    assert after.first_contact_due_at == due(record.first_contact_clock, calendar).at
    assert after.first_contact_due_at > record.first_contact_due_at
    (fact,) = await window.facts(record.case_id, FactKind.CALENDAR_LEARNED)
    assert fact.fact.data["moved"].startswith("first_contact ")
    await bring_years(window.office)
    assert len(await window.facts(record.case_id, FactKind.CALENDAR_LEARNED)) == 1
    (contact, *_) = await explain_clocks(window.office, LEADER, record.case_id)
    assert contact.due.at == after.first_contact_due_at
