"""Departments, people with their tokens, launch intents, and the calendar."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from domain.case import LaunchIntent
from domain.codes import Technique
from domain.department import Department
from domain.errors import ErrorCategory, LiandongError
from domain.limit import Limit
from domain.person import Person, PersonRole
from domain.working_calendar import OfficeHours, YearNotice
from store.calendar_source import StoredCalendar
from store.connection import store_url, write_engine
from store.sql_store import SqlStore
from tests.store.samples import DUE, HOSTILE, START, case_id, hashed, record

LEADER = Person(person_id="p1", name="李" + HOSTILE, role=PersonRole.DUTY_LEADER)


def _notice(year: int, number: str) -> YearNotice:
    off = (date(year, 1, 1), date(year, 10, 1))
    return YearNotice(year=year, notice_number=number, published=date(year - 1, 11, 4), days_off=off, days_on=())


async def test_departments_come_back_by_code_and_can_be_changed(store: SqlStore) -> None:
    police = Department(
        code="police",
        name_zh="公安" + HOSTILE,
        name_en="Police",
        technique=Technique.POLLED,
        base_url="http://127.0.0.1:1",
        sign_limit=Limit.parse("4 working_hours"),
    )
    market = police.model_copy(update={"code": "market", "technique": Technique.WEBHOOK})
    async with store.writing() as session:
        await session.directory.save(police)
        await session.directory.save(market)
        await session.directory.save(police.model_copy(update={"enabled": False}))
    async with store.reading() as session:
        assert await session.directory.all() == [market, police.model_copy(update={"enabled": False})]
        assert await session.directory.get("market") == market
        assert await session.directory.get("nobody") is None
    async with store.writing() as session:
        assert not await session.directory.add(police)
        assert await session.directory.add(police.model_copy(update={"code": "archive"}))
        assert await session.directory.get("market", lock=True) == market


async def test_a_token_opens_the_door_until_it_expires(store: SqlStore) -> None:
    async with store.writing() as session:
        assert not await session.people.any()
        await session.people.save(LEADER)
        await session.people.add_token("p1", hashed("for ever"), None)
        await session.people.add_token("p1", hashed("for a day"), DUE)
    async with store.reading() as session:
        assert await session.people.any()
        assert await session.people.by_token(hashed("for ever"), DUE) == LEADER
        assert await session.people.by_token(hashed("for a day"), DUE - timedelta(seconds=1)) == LEADER
        assert await session.people.by_token(hashed("for a day"), DUE) is None
        assert await session.people.by_token(hashed("unknown"), START) is None
        assert await session.people.by_token(HOSTILE, START) is None


async def test_a_disabled_person_is_nobody(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.people.save(LEADER)
        await session.people.add_token("p1", hashed("t"), None)
        await session.people.save(LEADER.model_copy(update={"enabled": False}))
    async with store.reading() as session:
        assert await session.people.by_token(hashed("t"), START) is None


@pytest.mark.parametrize(
    ("person", "token", "category"),
    [
        ("p1", "a token in clear", ErrorCategory.INVALID),
        ("p1", hashed("t").upper(), ErrorCategory.INVALID),
        ("nobody", hashed("t"), ErrorCategory.NOT_FOUND),
        ("p1", hashed("taken"), ErrorCategory.CONFLICT),
    ],
)
async def test_tokens_are_refused(store: SqlStore, person: str, token: str, category: ErrorCategory) -> None:
    async with store.writing() as session:
        await session.people.save(LEADER)
        await session.people.add_token("p1", hashed("taken"), None)
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.people.add_token(person, token, None)
    assert refused.value.category is category


async def test_a_token_is_nowhere_in_the_database(store: SqlStore, database_url: str) -> None:
    async with store.writing() as session:
        await session.people.save(LEADER)
        await session.people.add_token("p1", hashed("clear"), None)
    engine = write_engine(store_url(database_url))
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM tokens"))).all()
    await engine.dispose()
    assert [tuple(row) for row in rows] == [(hashed("clear"), "p1", None)]


async def test_a_launch_waits_until_the_engine_has_it(store: SqlStore) -> None:
    second = LaunchIntent(case_id=case_id(1), requested_at=DUE, launch_json='{"text":"' + "x" * 500 + '"}')
    first = LaunchIntent(case_id=case_id(2), requested_at=START, launch_json=HOSTILE)
    async with store.writing() as session:
        await session.cases.add(record(1))
        await session.cases.add(record(2))
        assert await session.intents.add(second)
        assert await session.intents.add(first)
        assert not await session.intents.add(first.model_copy(update={"requested_at": DUE}))
    async with store.reading() as session:
        assert await session.intents.waiting(10) == [first, second]
        assert await session.intents.waiting(1) == [first]
        assert await session.intents.get(case_id(2)) == first
        assert await session.intents.get(case_id(3)) is None


async def test_a_done_launch_stays_done(store: SqlStore) -> None:
    intent = LaunchIntent(case_id=case_id(1), requested_at=START, launch_json="{}")
    tried = intent.model_copy(update={"attempts": 2, "last_error": HOSTILE})
    done = tried.model_copy(update={"done_at": DUE})
    async with store.writing() as session:
        await session.cases.add(record(1))
        await session.intents.add(intent)
        await session.intents.save(tried)
        assert await session.intents.get(case_id(1)) == tried
        await session.intents.save(done)
        await session.intents.save(tried)
    async with store.reading() as session:
        assert await session.intents.waiting(10) == []
        assert await session.intents.get(case_id(1)) == done


async def test_an_unknown_launch_cannot_be_saved(store: SqlStore) -> None:
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.intents.save(LaunchIntent(case_id=case_id(1), requested_at=START, launch_json="{}"))
    assert refused.value.category is ErrorCategory.NOT_FOUND


async def test_a_new_notice_replaces_the_year_and_changes_the_version(store: SqlStore) -> None:
    source = StoredCalendar(store, office=OfficeHours())
    empty = await source.current()
    async with store.writing() as session:
        await session.calendars.load(_notice(2027, "provisional"), by="operator", at=START)
        await session.calendars.load(_notice(2026, "国办发明电〔2025〕7号"), by="operator", at=START)
    before = await source.current()
    async with store.writing() as session:
        await session.calendars.load(_notice(2027, "official"), by="operator", at=START)
    after = await source.current()
    assert [notice.notice_number for notice in after.years] == ["国办发明电〔2025〕7号", "official"]
    assert len({empty.version, before.version, after.version}) == 3
    assert await StoredCalendar(store).current() == after
    assert (await StoredCalendar(store, compressed_day_seconds=6).current()).version != after.version
