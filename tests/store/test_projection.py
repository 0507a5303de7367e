"""The projection of a running coordination, and its recorder."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from domain.codes import CaseStage, Outcome, RequestState
from domain.errors import ErrorCategory, LiandongError
from domain.fact import FactKind
from domain.plan import AskKind
from domain.snapshot import CaseSnapshot, RoundOwner
from store.progress_recorder import StoredProgress
from store.sql_store import SqlStore
from store.tables.projection import RungRow
from tests.store.samples import (
    DUE,
    HOSTILE,
    START,
    case_id,
    ended,
    fact,
    progress,
    proof,
    record,
    request,
    snapshot,
    turn,
)


@pytest.fixture
async def recorder(store: SqlStore) -> StoredProgress:
    async with store.writing() as session:
        await session.cases.add(record(stage=CaseStage.LAUNCHING))
    return StoredProgress(store)


async def _stored(store: SqlStore) -> CaseSnapshot | None:
    async with store.reading() as session:
        return (await session.cases.get(case_id())).snapshot


async def _facts(store: SqlStore) -> list[str]:
    async with store.reading() as session:
        return [chained.fact.fact_id for chained in await session.facts.of_case(case_id())]


async def test_recording_the_same_progress_twice_changes_nothing(store: SqlStore, recorder: StoredProgress) -> None:
    done = progress(snapshot(1, request(1, "market", turn())), fact("f1"), fact("f2"))
    for _ in range(3):
        await recorder.record(done)
    assert await _stored(store) == done.snapshot
    assert await _facts(store) == ["f1", "f2"]


async def test_an_older_version_is_ignored_but_its_facts_are_kept(store: SqlStore, recorder: StoredProgress) -> None:
    newer = snapshot(1, request(1, "market", ended(turn()), state=RequestState.ANSWERED), version=5)
    await recorder.record(progress(newer, fact("f5")))
    await recorder.record(progress(snapshot(1, request(1, "market", turn()), version=4), fact("f4")))
    assert await _stored(store) == newer
    assert await _facts(store) == ["f5", "f4"]
    async with store.reading() as session:
        owner = await session.cases.round_owner("LD-2026-000001.market", 1)
    assert owner is not None
    assert owner.ended


async def test_version_zero_is_a_first_version(store: SqlStore, recorder: StoredProgress) -> None:
    await recorder.record(progress(snapshot(1, version=0)))
    async with store.reading() as session:
        assert (await session.cases.get(case_id())).stage is CaseStage.COORDINATING


async def test_many_recorders_at_once_end_with_the_newest_version(
    store: SqlStore, other_store: SqlStore, recorder: StoredProgress
) -> None:
    recorders = (recorder, StoredProgress(other_store))
    steps = [
        progress(snapshot(1, request(1, "market", turn()), version=version), fact(f"f{version}"))
        for version in (3, 1, 6, 2, 5, 4)
    ]
    await asyncio.gather(*(recorders[index % 2].record(step) for index, step in enumerate(steps)))
    stored = await _stored(store)
    assert stored is not None
    assert stored.version == 6
    assert sorted(await _facts(store)) == [f"f{version}" for version in range(1, 7)]
    async with store.reading() as session:
        assert await session.facts.problems(case_id()) == []


async def test_a_failing_fact_leaves_the_projection_as_it_was(store: SqlStore, recorder: StoredProgress) -> None:
    with pytest.raises(LiandongError, match="another case"):
        await recorder.record(progress(snapshot(1, version=7), fact("f1", 2)))
    assert await _stored(store) is None


async def test_an_unknown_case_is_refused_with_nothing_written(store: SqlStore) -> None:
    with pytest.raises(LiandongError) as refused:
        await StoredProgress(store).record(progress(snapshot(), fact("f1")))
    assert refused.value.category is ErrorCategory.NOT_FOUND
    assert await _facts(store) == []


async def test_the_outcome_closes_the_case(store: SqlStore, recorder: StoredProgress) -> None:
    answered = request(1, "market", ended(turn()), state=RequestState.ANSWERED)
    await recorder.record(progress(snapshot(1, answered, outcome=Outcome.DONE), fact("f1", kind=FactKind.OUTCOME)))
    async with store.reading() as session:
        closed = await session.cases.get(case_id())
    assert (closed.stage, closed.closed_at, closed.launched_at) == (CaseStage.CLOSED, DUE, START)
    assert closed.outcome is not None
    assert closed.outcome.outcome is Outcome.DONE


async def test_rounds_belong_to_the_department_that_was_asked(store: SqlStore, recorder: StoredProgress) -> None:
    moved = request(1, "market", ended(turn()), turn(2, department="police", due_at=DUE + timedelta(days=1)))
    await recorder.record(progress(snapshot(1, moved)))
    async with store.reading() as session:
        first = await session.cases.round_owner(moved.request_id, 1)
        second = await session.cases.round_owner(moved.request_id, 2)
        assert await session.cases.round_owner(moved.request_id, 3) is None
        assert await session.cases.round_owner("LD-2026-000001.nobody", 1) is None
        assert await session.cases.round_owner(HOSTILE.replace("\0", ""), 1) is None
    expected = RoundOwner(
        case_id=case_id(), department="market", due_at=DUE, ended=True, current_round=2, state=RequestState.OPEN
    )
    assert first == expected
    update = {"department": "police", "due_at": DUE + timedelta(days=1), "ended": False}
    assert second == expected.model_copy(update=update)


async def test_requests_rounds_and_rungs_come_and_go_with_the_snapshot(
    store: SqlStore, recorder: StoredProgress
) -> None:
    twice = turn().model_copy(update={"rungs": (proof(), proof())})
    await recorder.record(progress(snapshot(1, request(1, "market", twice), request(1, "police", turn()))))
    async with store.reading() as session:
        assert await _rungs(session) == 2
    await recorder.record(progress(snapshot(1, request(1, "police", turn()), version=2)))
    async with store.reading() as session:
        assert await _rungs(session) == 0
        assert await session.cases.round_owner("LD-2026-000001.market", 1) is None


async def _rungs(session: object) -> int:
    rows = await session.cases._session.exec(select(RungRow))  # type: ignore[attr-defined]
    return len(rows.all())


async def test_text_that_a_column_cannot_hold_does_not_stop_the_recording(
    store: SqlStore, recorder: StoredProgress
) -> None:
    external = request(1, "notary", turn(department=None), kind=AskKind.EXTERNAL)
    hostile = external.model_copy(update={"text": HOSTILE, "waiting_for": HOSTILE, "party": HOSTILE})
    shown = snapshot(1, hostile, decision_needed=HOSTILE)
    await recorder.record(progress(shown, fact("f1", data={"why": HOSTILE})))
    assert await _stored(store) == shown
    async with store.reading() as session:
        chained = await session.facts.of_case(case_id())
        assert await session.facts.problems(case_id()) == []
    assert chained[0].fact.data == {"why": HOSTILE}
