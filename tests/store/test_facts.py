"""Facts: appended once, chained, guarded by the database, and every tampering found."""

import asyncio
from datetime import timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ErrorCategory, LiandongError
from domain.fact import ChainedFact, Fact
from domain.fact_chain import GENESIS, breaks, canonical, link
from store.connection import store_url, write_engine
from store.sql_store import SqlStore
from tests.store.samples import START, case_id, fact


async def _append(store: SqlStore, *facts: Fact) -> None:
    async with store.writing() as session:
        await session.facts.append(facts[0].case_id, facts)


async def _chain(store: SqlStore, serial: int = 1) -> list[ChainedFact]:
    async with store.reading() as session:
        return list(await session.facts.of_case(case_id(serial)))


async def _problems(store: SqlStore) -> list[str]:
    async with store.reading() as session:
        return list(await session.facts.problems(case_id()))


async def test_facts_stand_in_the_order_of_their_arrival(store: SqlStore) -> None:
    await _append(store, fact("b"), fact("a"))
    await _append(store, fact("c"))
    chain = await _chain(store)
    assert [(chained.position, chained.fact.fact_id) for chained in chain] == [(1, "b"), (2, "a"), (3, "c")]
    assert [chained.previous_hash for chained in chain] == [GENESIS, chain[0].hash, chain[1].hash]
    assert await _problems(store) == []


async def test_a_fact_is_written_once(store: SqlStore) -> None:
    await _append(store, fact("a"), fact("a"), fact("b"))
    await _append(store, fact("b"), fact("c"), fact("a"))
    assert [chained.fact.fact_id for chained in await _chain(store)] == ["a", "b", "c"]


async def test_an_id_of_another_case_is_not_silently_lost(store: SqlStore) -> None:
    await _append(store, fact("a"))
    with pytest.raises(LiandongError) as refused:
        await _append(store, fact("a", 2))
    assert (refused.value.category, refused.value.code) == (ErrorCategory.CONFLICT, "fact-id-taken")


async def test_appends_at_once_keep_one_chain(store: SqlStore, other_store: SqlStore) -> None:
    stores = (store, other_store)
    await asyncio.gather(*(_append(stores[n % 2], fact(f"f{n}"), fact("shared")) for n in range(12)))
    chain = await _chain(store)
    assert sorted(chained.fact.fact_id for chained in chain) == sorted(["shared", *(f"f{n}" for n in range(12))])
    assert await _problems(store) == []


async def test_every_case_has_its_own_chain(store: SqlStore) -> None:
    await _append(store, fact("a"))
    await _append(store, fact("b", 2))
    assert [chained.previous_hash for chained in await _chain(store, 2)] == [GENESIS]


def test_the_same_instant_in_another_zone_is_the_same_fact() -> None:
    beijing = fact("a").model_copy(update={"at": START.astimezone(timezone(timedelta(hours=8)))})
    assert canonical(beijing) == canonical(fact("a"))


def test_a_field_that_facts_gain_later_does_not_change_earlier_hashes() -> None:
    class LaterFact(Fact):
        place: str | None = None

    later = LaterFact.model_validate(fact("a").model_dump())
    assert link(later, GENESIS) == link(fact("a"), GENESIS)


@pytest.mark.parametrize("change", ["UPDATE facts SET kind = 'X'", "DELETE FROM facts"])
async def test_the_database_refuses_to_change_facts(store: SqlStore, database_url: str, change: str) -> None:
    await _append(store, fact("a"))
    engine = write_engine(store_url(database_url))
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text(change))
    await engine.dispose()
    assert [chained.fact.fact_id for chained in await _chain(store)] == ["a"]


async def test_postgresql_refuses_truncation_too(store: SqlStore, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE")
    await _append(store, fact("a"))
    engine = write_engine(store_url(database_url))
    with pytest.raises(DBAPIError, match="append-only"):
        async with engine.begin() as connection:
            await connection.execute(text("TRUNCATE facts"))
    await engine.dispose()


TAMPERINGS = {
    "edited": "UPDATE facts SET document = replace(document, 'engine', 'user:x') WHERE position = 2",
    "edited with its hash": "UPDATE facts SET document = replace(document, 'engine', 'user:x'), hash = 'f00' "
    "WHERE position = 2",
    "column edited": "UPDATE facts SET kind = 'OUTCOME' WHERE position = 2",
    "deleted inside": "DELETE FROM facts WHERE position = 2",
    "deleted at the start": "DELETE FROM facts WHERE position = 1",
    "deleted at the end": "DELETE FROM facts WHERE position = 3",
    "all deleted": "DELETE FROM facts",
    "swapped": "UPDATE facts SET position = CASE position WHEN 1 THEN 12 ELSE 11 END WHERE position IN (1, 2)",
    "moved away": "UPDATE facts SET case_id = 'LD-2026-000002' WHERE position = 3",
    "appended": "INSERT INTO facts (case_id, position, fact_id, kind, document, previous_hash, hash) "
    "SELECT case_id, 4, 'forged', kind, document, hash, hash FROM facts WHERE position = 3",
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_tampering_behind_the_triggers_is_found(store: SqlStore, database_url: str, how: str) -> None:
    await _append(store, fact("a"), fact("b"), fact("c"))
    engine = write_engine(store_url(database_url))
    async with engine.begin() as connection:
        await _drop_guards(connection)
        await connection.execute(text(TAMPERINGS[how]))
    await engine.dispose()
    assert await _problems(store) != []


async def _drop_guards(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for change in ("update", "delete"):
        await connection.execute(text(f"DROP TRIGGER facts_refuse_{change}"))


async def test_a_well_forged_link_at_the_end_is_found_by_the_recorded_head(store: SqlStore, database_url: str) -> None:
    await _append(store, fact("a"))
    forged, previous = fact("forged"), (await _chain(store))[0].hash
    values = {
        "case": case_id(),
        "document": canonical(forged),
        "previous": previous,
        "hash": link(forged, previous),
    }
    engine = write_engine(store_url(database_url))
    async with engine.begin() as connection:
        insert = (
            "INSERT INTO facts (case_id, position, fact_id, kind, document, previous_hash, hash) "
            "VALUES (:case, 2, 'forged', 'REGISTERED', :document, :previous, :hash)"
        )
        await connection.execute(text(insert), values)
    await engine.dispose()
    assert breaks(case_id(), await _chain(store)) == ()
    assert len(await _problems(store)) == 1
