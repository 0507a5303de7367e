"""Transactions: all or nothing, read-only reads, UTC, and failures that say what they are."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text

from domain.errors import ErrorCategory, LiandongError
from store.connection import WAIT_SECONDS, store_url, write_engine
from store.sql_store import SqlSession, SqlStore
from tests.store.samples import DUE, START, accepted, case_id, entry, fact, record, request, snapshot, turn

BEIJING = timezone(timedelta(hours=8))


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


async def test_a_failing_block_writes_nothing(store: SqlStore) -> None:
    async def fail() -> None:
        async with store.writing() as session:
            await session.cases.add(record())
            await session.facts.append(case_id(), [fact("f1")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with store.reading() as session:
        assert await session.cases.ids() == []
        assert await session.facts.of_case(case_id()) == []


async def test_a_cancelled_block_writes_nothing_and_frees_the_store(store: SqlStore) -> None:
    entered = asyncio.Event()

    async def wait_inside() -> None:
        async with store.writing() as session:
            await session.cases.add(record())
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(wait_inside())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.writing() as session:
        assert await session.cases.ids() == []


async def test_a_reading_session_cannot_write(store: SqlStore) -> None:
    async def write(session: SqlSession) -> None:
        await session.cases.next_case_id(2026)

    with pytest.raises(LiandongError):
        async with store.reading() as session:
            await write(session)
    async with store.writing() as session:
        assert await session.cases.next_case_id(2026) == case_id(1)


async def test_a_reading_session_sees_one_instant(store: SqlStore, other_store: SqlStore) -> None:
    async with store.reading() as session:
        assert await session.cases.ids() == []
        async with other_store.writing() as other:
            await other.cases.add(record())
        assert await session.cases.ids() == []
    async with store.reading() as session:
        assert await session.cases.ids() == [case_id()]


async def test_instants_come_back_in_utc_whatever_zone_they_came_in(store: SqlStore) -> None:
    local = START.astimezone(BEIJING) + timedelta(microseconds=1)
    shown = request(1, "market", turn(due_at=DUE.astimezone(BEIJING)))
    async with store.writing() as session:
        await session.cases.add(record(at=local, contact_due=DUE.astimezone(BEIJING)))
        await session.cases.project(snapshot(1, shown))
    async with store.reading() as session:
        owner = await session.cases.round_owner(shown.request_id, 1)
        (listed,) = await session.cases.first_contacts_owed("overdue", limit=5)
        assert await session.cases.first_contacts_owed("overdue", after=listed, limit=5) == []
        kept = await session.cases.get(case_id())
    assert kept.registered_at == local
    assert listed.case_id == case_id()
    assert owner is not None
    assert owner.due_at is not None
    assert (owner.due_at, owner.due_at.tzinfo) == (DUE, UTC)


async def test_a_time_without_a_zone_is_refused(store: SqlStore) -> None:
    naive = datetime.fromisoformat("2026-03-02T01:00:00")
    with pytest.raises(LiandongError) as refused:
        async with store.reading() as session:
            await session.inbox.unsettled(naive)
    assert (refused.value.category, refused.value.code) == (ErrorCategory.INVALID, "time-without-zone")


async def test_the_error_names_neither_statement_nor_values(empty_url: str) -> None:
    store = SqlStore(empty_url)
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.cases.find("window", "secret")
    assert (refused.value.category, refused.value.code) == (ErrorCategory.UNAVAILABLE, "store-unavailable")
    assert "secret" not in refused.value.detail
    assert "SELECT" not in refused.value.detail
    await store.close()


async def test_a_sqlite_file_locked_by_another_process_is_unavailable(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url, wait_seconds=0.2)
    holder = sqlite3.connect(_path(sqlite_url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.cases.next_case_id(2026)
    assert refused.value.code == "store-unavailable"
    assert await store.ready() is None  # reading goes on
    holder.execute("ROLLBACK")
    holder.close()
    async with store.writing() as session:
        await session.cases.next_case_id(2026)
    await store.close()


async def test_a_writer_cancelled_while_it_waits_leaves_the_store_usable(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url, wait_seconds=5)
    holder = sqlite3.connect(_path(sqlite_url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    async def take() -> str:
        async with store.writing() as session:
            return await session.cases.next_case_id(2026)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await take()
    holder.execute("ROLLBACK")
    holder.close()
    assert await take() == case_id(1)
    await store.close()


async def test_a_writer_that_waits_too_long_is_told_so(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url, wait_seconds=0.2)
    async with store.writing() as session:
        await session.cases.next_case_id(2026)
        with pytest.raises(LiandongError) as refused:
            async with store.writing() as waiting:
                await waiting.cases.next_case_id(2026)
    assert refused.value.code == "store-unavailable"
    await store.close()


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database at all" * 100)
    store = SqlStore(f"sqlite+aiosqlite:///{path}")
    assert await store.ready() == "the store does not answer: DatabaseError: file is not a database"
    await store.close()


async def test_an_unreachable_postgresql_is_unavailable(tmp_path: Path) -> None:
    store = SqlStore(f"postgresql+psycopg://nobody:geheim@/nothing?host={tmp_path}")
    reason = await store.ready()
    assert reason is not None
    assert reason.startswith("the store does not answer: OperationalError")
    assert "geheim" not in reason
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.people.any()
    assert refused.value.code == "store-unavailable"
    await store.close()


async def test_a_postgresql_that_vanished_is_given_up_within_the_time_that_a_transaction_waits() -> None:
    class Seen(Exception):
        """Far enough: nobody shall be called."""

    told: dict[str, int] = {}
    engine = write_engine(store_url("postgresql+psycopg://liandong@db.example/liandong?keepalives_count=9"))

    @event.listens_for(engine.sync_engine, "do_connect")
    def _note(_: object, __: object, ___: object, arguments: dict[str, int]) -> None:
        told.update(arguments)
        raise Seen

    with pytest.raises(Seen):
        await engine.connect()
    await engine.dispose()
    assert int(told["keepalives_count"]) == 9, "what the address says wins"
    silence = told["keepalives_idle"] + 3 * told["keepalives_interval"]
    assert silence <= WAIT_SECONDS
    assert told["tcp_user_timeout"] <= WAIT_SECONDS * 1000


async def test_connections_cut_by_the_server_are_replaced(store: SqlStore, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no server")
    async with store.writing() as session:
        await session.cases.add(record())
    cutter = write_engine(store_url(database_url))
    async with cutter.connect() as connection:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        await connection.execute(text(cut + "WHERE pid <> pg_backend_pid() AND datname = current_database()"))
    await cutter.dispose()
    async with store.reading() as session:
        assert await session.cases.ids() == [case_id()]


async def test_sqlite_keeps_its_promises_about_durability(sqlite_url: str) -> None:
    engine = write_engine(store_url(sqlite_url))
    async with engine.connect() as connection:
        found = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    await engine.dispose()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///x", "mysql://x/y"])
def test_a_database_that_cannot_keep_the_promises_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="the store needs"):
        SqlStore(url)


async def test_a_full_disk_is_unavailable_and_loses_nothing(sqlite_url: str) -> None:
    store = SqlStore(sqlite_url)
    async with store.writing() as session:
        await session.inbox.add(entry("m1", reply=accepted()))
    async with store._writer.connect() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite then reports the disk as full
    big = entry("m2", reply=accepted(), number=2).model_copy(update={"raw": b"x" * 60_000})
    with pytest.raises(LiandongError) as refused:
        async with store.writing() as session:
            await session.inbox.add(big)
    assert refused.value.code == "store-unavailable"
    async with store.reading() as session:
        assert len(await session.inbox.of_case(case_id())) == 1
    await store.close()
