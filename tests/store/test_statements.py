"""A record writes what changed and nothing else; these are all its statements."""

from collections.abc import AsyncIterator

import pytest

from domain.codes import CaseStage, RequestState
from domain.inbox import InboxStatus
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from tests.store.samples import DUE, ended, entry, fact, progress, proof, record, request, snapshot, turn
from tests.store.statements import watched

CASE = [("write", "BEGIN"), ("write", "SELECT cases")]
FACTS = [
    ("write", "SELECT fact_chains"),
    ("write", "SELECT facts"),
    ("write", "INSERT INTO facts"),
    ("write", "INSERT INTO fact_chains"),
]
CHANGED, REQUESTS = ("write", "UPDATE cases"), ("write", "INSERT INTO requests")
ROUNDS, RUNGS = ("write", "INSERT INTO rounds"), ("write", "INSERT INTO rungs")
MARKET, POLICE = request(1, "market", turn()), request(1, "police", turn())


@pytest.fixture
async def launched(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url)
    async with store.writing() as session:
        await session.cases.add(record(stage=CaseStage.LAUNCHING))
        await session.facts.append("LD-2026-000001", [fact("registered")])
    await StoredProgress(store).record(progress(snapshot(1, MARKET, POLICE), fact("f1"), fact("f2")))
    yield store
    await store.close()


async def test_the_answer_of_one_department_writes_its_request_and_round(launched: SqlStore) -> None:
    answered = request(1, "market", ended(turn()), state=RequestState.ANSWERED)
    with watched(launched) as asked:
        await StoredProgress(launched).record(
            progress(snapshot(1, answered, POLICE, version=2), fact("f3"), fact("f4"))
        )
    assert asked == [*CASE, CHANGED, REQUESTS, ROUNDS, *FACTS]


async def test_what_only_the_snapshot_holds_writes_no_row_of_a_part(launched: SqlStore) -> None:
    waiting = MARKET.model_copy(update={"waiting_for": "the requester"})
    with watched(launched) as asked:
        await StoredProgress(launched).record(progress(snapshot(1, waiting, POLICE, version=2), fact("f3")))
    assert asked == [*CASE, CHANGED, *FACTS]


async def test_a_rung_writes_its_proof_alone(launched: SqlStore) -> None:
    fired = request(1, "market", turn().model_copy(update={"rungs": (proof(),)}))
    with watched(launched) as asked:
        await StoredProgress(launched).record(progress(snapshot(1, fired, POLICE, version=2), fact("f3")))
    assert asked == [*CASE, CHANGED, RUNGS, *FACTS]


async def test_the_same_record_again_writes_nothing(launched: SqlStore) -> None:
    with watched(launched) as asked:
        await StoredProgress(launched).record(progress(snapshot(1, MARKET, POLICE), fact("f1"), fact("f2")))
    assert asked == [*CASE, *FACTS[:2]]


async def test_a_batch_of_messages_is_claimed_with_one_read(launched: SqlStore) -> None:
    async with launched.writing() as session:
        for number in range(3):
            await session.inbox.add(entry(f"m{number}", reply=None))
    with watched(launched) as asked:
        async with launched.writing() as session:
            for each in await session.inbox.waiting(DUE, 10):
                later = each.model_copy(update={"next_attempt_at": DUE})
                await session.inbox.settle(later, InboxStatus.RECEIVED)
    assert asked == [("write", "BEGIN"), ("write", "SELECT inbox"), *[("write", "UPDATE inbox")] * 3]
