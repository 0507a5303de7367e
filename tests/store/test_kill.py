"""A process killed at any instant: what it reported as stored is stored, and nothing is half there."""

import os
import subprocess
import sys
from pathlib import Path

from domain.snapshot import CaseSnapshot
from store.sql_store import SqlStore
from tests.store.samples import case_id, record, request, snapshot, turn

ROOT = Path(__file__).resolve().parents[2]
REPORTS = 25
PROGRAM = """
import asyncio, sys
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.store.samples import accepted, entry, fact, progress, request, snapshot, turn

async def write(store):
    version = 0
    while True:
        version += 1
        shown = snapshot(1, request(1, "market", *(turn(n) for n in range(1, version + 1))), version=version)
        await StoredProgress(store).record(progress(shown, fact(f"f{version}")))
        async with store.writing() as session:
            await session.inbox.add(entry(f"m{version}", reply=accepted(), number=version))
        sys.stdout.write(f"{version}\\n")
        sys.stdout.flush()

asyncio.run(write(SqlStore(sys.argv[1])))
"""


async def test_a_kill_loses_nothing_that_was_acknowledged(store: SqlStore, database_url: str) -> None:
    async with store.writing() as session:
        await session.cases.add(record())
    acknowledged = _write_until_killed(database_url)

    async with store.reading() as session:
        stored = (await session.cases.get(case_id())).snapshot
        facts = {chained.fact.fact_id for chained in await session.facts.of_case(case_id())}
        messages = {each.message_id for each in await session.inbox.of_case(case_id())}
        owner = await session.cases.round_owner(f"{case_id()}.market", acknowledged)
        assert await session.facts.problems(case_id()) == []
    assert stored is not None
    assert stored.version >= acknowledged
    assert owner is not None
    assert facts == {f"f{version}" for version in range(1, stored.version + 1)}
    assert {f"m{version}" for version in range(1, acknowledged + 1)} <= messages
    assert stored == _expected(stored.version)
    # The killed process holds nothing any more
    async with store.writing() as session:
        assert await session.cases.project(_expected(stored.version + 1))


def _expected(version: int) -> CaseSnapshot:
    return snapshot(1, request(1, "market", *(turn(n) for n in range(1, version + 1))), version=version)


def _write_until_killed(url: str) -> int:
    """The last version that the process said was stored."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = 0
    try:
        for line in process.stdout:
            last = int(line)
            if last >= REPORTS:
                break
    finally:
        process.kill()
        last = max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.stdout.close()
        process.wait(timeout=50)
    assert last >= REPORTS
    return last
