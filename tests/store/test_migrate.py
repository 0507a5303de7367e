"""Migrations: from nothing, repeated, at once, complete, and from any working directory."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from domain.errors import ErrorCategory, LiandongError
from store.connection import store_url, write_engine
from store.migrate import migrate
from store.schema import alembic_config
from store.sql_store import SqlStore
from store.tables.row import Row
from tests.store.samples import case_id, record

ROOT = Path(__file__).resolve().parents[2]
NEWEST = ScriptDirectory.from_config(alembic_config()).get_current_head()
PROGRAM = "import asyncio, sys; from store.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"


async def test_a_second_migration_keeps_what_is_stored(empty_url: str) -> None:
    first = await migrate(empty_url)
    store = SqlStore(empty_url)
    async with store.writing() as session:
        await session.cases.add(record())
    assert await migrate(empty_url) == first
    assert first.current
    async with store.reading() as session:
        assert await session.cases.ids() == [case_id()]
    await store.close()


async def test_migrations_at_once_in_one_process(empty_url: str) -> None:
    states = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert all(state.current for state in states)


def test_migrations_at_once_in_processes_from_another_directory(empty_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, empty_url],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    try:
        outputs = [process.communicate(timeout=50) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert [output for output, _ in outputs] == [b""] * 3


async def test_the_migrated_schema_is_what_the_tables_say(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), Row.metadata))

    engine = write_engine(store_url(database_url))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_an_unmigrated_store_is_not_ready_and_says_why(empty_url: str) -> None:
    store = SqlStore(empty_url)
    assert await store.ready() == f"the store's schema is at nothing, this version needs {NEWEST}"
    with pytest.raises(LiandongError) as refused:
        async with store.reading() as session:
            await session.people.any()
    assert refused.value.category is ErrorCategory.UNAVAILABLE
    await migrate(empty_url)
    assert await store.ready() is None
    await store.close()


async def test_a_store_of_another_version_is_not_ready(empty_url: str) -> None:
    await migrate(empty_url)
    engine = write_engine(store_url(empty_url))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    store = SqlStore(empty_url)
    assert await store.ready() == f"the store's schema is at 9999, this version needs {NEWEST}"
    await store.close()


async def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    await migrate(f"sqlite+aiosqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
