"""A key stands for one decision, whoever asks at the same time."""

import asyncio

from store.sql_store import SqlStore
from tests.store.samples import START, case_id, record


async def test_the_first_fingerprint_stands(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record())
        assert await session.commands.remember("close.1", case_id(), "a", START) is None
    async with store.writing() as session:
        assert await session.commands.remember("close.1", case_id(), "b", START) == "a"
        assert await session.commands.remember("close.2", case_id(), "b", START) is None


async def test_what_was_refused_is_forgotten(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record())
        await session.commands.remember("close.1", case_id(), "a", START)
    async with store.writing() as session:
        await session.commands.forget("close.1")
        await session.commands.forget("never-there")
    async with store.writing() as session:
        assert await session.commands.remember("close.1", case_id(), "b", START) is None


async def test_of_two_at_once_one_is_first(store: SqlStore) -> None:
    async with store.writing() as session:
        await session.cases.add(record())

    async def ask(mark: str) -> str | None:
        async with store.writing() as session:
            return await session.commands.remember("close.1", case_id(), mark, START)

    told = await asyncio.gather(ask("a"), ask("b"))
    assert sorted(one or "" for one in told) in (["", "a"], ["", "b"])
