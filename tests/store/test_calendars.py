"""Notices are kept load by load: the latest is in force, and taking it back brings the one before."""

import asyncio
import datetime as dt

import pytest

from domain.errors import LiandongError
from domain.notice_load import NoticeLoad
from domain.working_calendar import YearNotice
from store.calendar_source import StoredCalendar
from store.sql_store import SqlStore
from tests.store.samples import DUE, START


def notice(number: str, year: int = 2027) -> YearNotice:
    return YearNotice(
        year=year, notice_number=number, published=dt.date(year - 1, 11, 4), days_off=(dt.date(year, 1, 4),), days_on=()
    )


async def load(store: SqlStore, *numbers: str) -> list[NoticeLoad]:
    async with store.writing() as session:
        for number in numbers:
            await session.calendars.load(notice(number), by="operator", at=START)
        return list(await session.calendars.loads(2027))


async def in_force(store: SqlStore) -> list[str]:
    async with store.reading() as session:
        return [one.notice_number for one in await session.calendars.notices()]


async def test_taking_back_leads_to_the_notice_before_and_then_to_nothing_known(store: SqlStore) -> None:
    source = StoredCalendar(store)
    empty = await source.current()
    first, second = await load(store, "first", "second")
    assert (second.loaded_by, second.loaded_at, second.taken_back_at) == ("operator", START, None)
    with pytest.raises(LiandongError) as early:
        async with store.writing() as session:
            await session.calendars.take_back(first, by="operator", at=DUE)
    assert early.value.code == "notice-not-latest"
    for load_, left in ((second, ["first"]), (first, [])):
        async with store.writing() as session:
            await session.calendars.take_back(load_, by="operator", at=DUE)
        assert await in_force(store) == left
    assert await source.current() == empty, "the same content has the same version"
    async with store.reading() as session:
        assert [one.taken_back_at for one in await session.calendars.loads()] == [DUE, DUE]


async def test_what_is_in_force_is_not_loaded_once_more(store: SqlStore) -> None:
    assert len(await load(store, "first", "first")) == 1
    assert [one.notice.notice_number for one in await load(store, "second", "first")] == ["first", "second", "first"]
    assert await in_force(store) == ["first"]


async def test_no_notice_is_loaded_while_a_transaction_counts_with_the_calendar(store: SqlStore) -> None:
    source = StoredCalendar(store)
    async with store.writing() as session:
        before = await source.within(session)
        loading = asyncio.create_task(load(store, "late"))
        await asyncio.wait([loading], timeout=0.2)
        assert not loading.done(), "a launch that has read the calendar is stored before another one is in force"
        assert await source.within(session) == before
    await loading
    assert await in_force(store) == ["late"]
