"""The audit: appended once, one chain for all processes, guarded by the database, and every tampering found."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, text

from domain.audit import AuditKind, AuditRecord
from domain.audit_chain import GENESIS, START, AuditHead, link
from domain.errors import LiandongError, conflict
from store.connection import store_url, write_engine
from store.migrate import migrate
from store.schema import alembic_config
from store.sql_store import SqlStore
from tests.store import samples


def turned_away(record_id: str, seconds: int = 0) -> AuditRecord:
    at = samples.START + timedelta(seconds=seconds)
    return AuditRecord(record_id=record_id, kind=AuditKind.REFUSED, at=at, actor="unknown", subject="/v1/me")


async def _append(store: SqlStore, *records: AuditRecord) -> None:
    async with store.writing() as session:
        for record in records:
            await session.audit.append(record)


async def _problems(store: SqlStore, noted: AuditHead | None = None) -> Sequence[str]:
    async with store.reading() as session:
        return await session.audit.problems(noted)


async def _head(store: SqlStore) -> AuditHead:
    async with store.reading() as session:
        return await session.audit.head()


async def _past_the_guard(database_url: str, *statements: str) -> None:
    """What somebody with the database's own password can do."""
    engine = write_engine(store_url(database_url))
    async with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for change in ("update", "delete"):
                await connection.execute(text(f"DROP TRIGGER audit_refuse_{change}"))
        for statement in statements:
            assert (await connection.execute(text(statement))).rowcount > 0
    await engine.dispose()


def _many_writers(store: SqlStore) -> bool:
    return store._writer.dialect.name == "postgresql"


async def test_a_record_is_written_once_and_never_changed(store: SqlStore, database_url: str) -> None:
    first = turned_away("a1")
    await _append(store, first)
    await _append(store, turned_away("a2", 1))
    await _append(store, first.model_copy(update={"actor": "somebody else"}))
    async with store.reading() as session:
        assert [one.record_id for one in await session.audit.latest(10)] == ["a2", "a1"]
        assert (await session.audit.latest(10))[1] == first
    assert (await _head(store)).position == 2
    engine = write_engine(store_url(database_url))
    for change in ("UPDATE audit SET kind = 'x'", "DELETE FROM audit"):
        with pytest.raises(Exception, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(change))
    await engine.dispose()
    assert await _problems(store) == []


async def test_an_empty_audit_is_intact(store: SqlStore) -> None:
    assert (await _problems(store), await _head(store)) == ([], START)


async def test_appends_at_once_keep_one_chain(store: SqlStore, other_store: SqlStore) -> None:
    stores = [store, other_store] * 10
    await asyncio.gather(*(_append(one, turned_away(f"a{number}")) for number, one in enumerate(stores)))
    assert (await _head(store)).position == 20
    assert await _problems(store) == []


async def test_a_long_transaction_keeps_nobody_from_appending(store: SqlStore, other_store: SqlStore) -> None:
    """Whoever has appended and still works holds no lock that others wait for; on SQLite there is one writer anyway."""
    async with store.writing() as session:
        await session.audit.append(turned_away("early"))
        if _many_writers(store):
            await _append(other_store, turned_away("late", 1))
    await _append(other_store, turned_away("last", 2))
    assert await _problems(store) == []
    assert (await _head(store)).position == (3 if _many_writers(store) else 2)


async def test_what_is_rolled_back_leaves_no_gap(store: SqlStore) -> None:
    await _append(store, turned_away("a1"))
    with pytest.raises(LiandongError, match="refused"):
        await _refused_halfway(store)
    await _append(store, turned_away("a2", 1))
    assert (await _problems(store), (await _head(store)).position) == ([], 2)


async def _refused_halfway(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.audit.append(turned_away("never"))
        raise conflict("refused", "refused after the append")


_EDITED = "UPDATE audit SET document = replace(document, 'unknown', 'user:boss') WHERE position = 3"
_APPENDED = (
    "INSERT INTO audit (record_id, at, kind, subject, document, position, previous_hash, hash) "
    "SELECT 'forged', at, kind, subject, document, 6, hash, '" + "0" * 64 + "' FROM audit WHERE position = 5"
)
TAMPERED = {
    "deleted": (("DELETE FROM audit WHERE position = 3",), "audit record 4: position 3 was expected"),
    "edited": ((_EDITED,), "audit record 3: was changed after it was written"),
    "edited beside": (
        ("UPDATE audit SET subject = '/v1/other' WHERE position = 3",),
        "audit record 3: its columns contradict it",
    ),
    "moved in time": (
        ("UPDATE audit SET at = '2020-01-01 00:00:00+00:00' WHERE position = 3",),
        "audit record 3: its columns contradict it",
    ),
    "swapped": (
        tuple(
            f"UPDATE audit SET position = {after} WHERE position = {before}"
            for before, after in ((2, -7), (4, 2), (-7, 4))
        ),
        "audit record 2: does not follow the record before it",
    ),
    "appended": ((_APPENDED,), "audit record 6: was changed after it was written"),
    "cut off": (
        ("DELETE FROM audit WHERE position = 5",),
        "the audit ends elsewhere than recorded (5 records were written)",
    ),
    "the first gone": (("DELETE FROM audit WHERE position = 1",), "audit record 2: position 1 was expected"),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_tampering_behind_the_triggers_is_found(store: SqlStore, database_url: str, how: str) -> None:
    await _append(store, *(turned_away(f"a{number}", number) for number in range(5)))
    assert await _problems(store) == []
    statements, expected = TAMPERED[how]
    await _past_the_guard(database_url, *statements)
    assert expected in await _problems(store)


async def test_a_well_forged_tail_is_found_by_a_head_that_was_noted_down(store: SqlStore, database_url: str) -> None:
    """Who may write everything can forge the recorded head too; only what left the store shows it."""
    await _append(store, turned_away("a1"), turned_away("a2", 1))
    noted = await _head(store)
    forged = turned_away("a2", 1).model_copy(update={"actor": "user:boss"}).model_dump_json()
    async with store.reading() as session:
        (newest, *_) = await session.audit.latest(1)
    head = link(forged, await _hash_of(database_url, 1))
    assert newest.actor == "unknown"
    await _past_the_guard(
        database_url,
        f"UPDATE audit SET document = '{forged.replace(':', chr(92) + ':')}', hash = '{head}' WHERE position = 2",
        f"UPDATE audit_chain SET head = '{head}'",
    )
    assert await _problems(store) == []
    assert await _problems(store, noted) == ["audit record 2: it is not the one that was noted down"]
    assert await _problems(store, AuditHead(position=9, hash=noted.hash)) == [
        "audit record 9: it is not the one that was noted down"
    ]


async def _hash_of(database_url: str, position: int) -> str:
    engine = write_engine(store_url(database_url))
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT hash FROM audit WHERE position = :at"), {"at": position})
        value = str(found.scalar_one())
    await engine.dispose()
    return value


async def test_a_migration_chains_the_records_that_were_there(empty_url: str) -> None:
    def to(connection: Connection, revision: str) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    engine = write_engine(store_url(empty_url))
    insert = text("INSERT INTO audit (record_id, at, kind, subject, document) VALUES (:id, :at, 'REFUSED', :on, :text)")
    old = [turned_away("late", 9), turned_away("early", 1)]
    async with engine.begin() as connection:
        await connection.run_sync(to, "0006")
        for record in old:
            at = record.at.replace(tzinfo=None) if engine.dialect.name == "sqlite" else record.at
            values = {"id": record.record_id, "at": at, "on": record.subject, "text": record.model_dump_json()}
            await connection.execute(insert, values)
    await engine.dispose()
    await migrate(empty_url)
    store = SqlStore(empty_url)
    early = link(old[1].model_dump_json(), GENESIS)
    assert await _head(store) == AuditHead(position=2, hash=link(old[0].model_dump_json(), early))
    await _append(store, turned_away("new", 20))
    assert (await _problems(store), (await _head(store)).position) == ([], 3)
    await store.close()
