"""Temporal and the API are killed: what was acknowledged is carried out afterwards."""

import asyncio

import pytest

from domain.case import CaseRecord
from domain.codes import CaseStage, Outcome
from domain.inbox import InboxStatus
from tests.server.case import ask, launched, triaged
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]


async def test_temporal_killed_with_open_cases_while_callbacks_arrive(world: World) -> None:
    cases = [await launched(world, ask("one", "market"), ask("two", "police")) for _ in range(3)]
    for case in cases:
        await case.delivered()
    messages = {
        f"{case.case_id}-{key}": (department, case.reply(key))
        for case in cases
        for key, department in (("one", "market"), ("two", "police"))
    }

    await world.temporal.kill()
    replies = await asyncio.gather(
        *(world.call_back(department, body, message_id=name) for name, (department, body) in messages.items())
    )
    kept = [entry for case in cases for entry in (await case.inbox()).values()]
    await world.temporal.restart()
    closed = [await case.closed() for case in cases]
    again = [await world.call_back(department, body, message_id=name) for name, (department, body) in messages.items()]

    assert [(one.status_code, one.json()) for one in replies] == [(202, {"status": "stored"})] * 6
    assert {entry.message_id: entry.status for entry in kept} == dict.fromkeys(messages, InboxStatus.RECEIVED)
    assert [record.outcome.outcome if record.outcome else None for record in closed] == [Outcome.DONE] * 3
    for case in cases:
        assert {entry.status for entry in (await case.inbox()).values()} == {InboxStatus.APPLIED}
        assert await case.runs() == 1
        for key in ("one", "two"):
            turn = await case.round(key)
            assert turn.received_at == next(e.received_at for e in kept if e.entry_id == turn.answer_ref)
    # What the native core said about the loss stands in a file: no colours
    assert "\x1b" not in world.worker.said()
    # The same message is answered as it was the first time
    assert [(one.status_code, one.content) for one in again] == [(one.status_code, one.content) for one in replies]
    await world.verified()


async def test_temporal_killed_during_starts(world: World) -> None:
    """Some launches reach the engine, some only the store; all are carried out, each once."""
    cases = [await triaged(world, ask("one", "market")) for _ in range(4)]
    await world.script("market", {"acknowledge_after": None, "answer_after": 0.2})

    before = await cases[0].launch()
    launches = asyncio.gather(*(case.launch() for case in cases[1:]))
    await world.temporal.kill()
    replies = [before, *await launches]
    await world.temporal.restart()

    assert before.status_code == 200
    assert {one.status_code for one in replies} <= {200, 202}, [one.text for one in replies]
    for case in cases:
        await case.closed()
        assert await case.runs() == 1
        assert sum(send.committed for send in await world.sends("market", f"{case.request_id('one')}.r1")) == 1
    await world.verified()


async def test_api_killed_right_after_it_acknowledged_a_launch(world: World) -> None:
    """Once with the engine there, once while only the store could take the order."""
    started, ordered = [await triaged(world, ask("one", "market")) for _ in range(2)]
    await world.script("market", {"acknowledge_after": None, "answer_after": 0.2})
    first = await started.launch()
    await world.temporal.kill()
    second = await ordered.launch()
    await world.api.kill()

    assert (first.status_code, second.status_code) == (200, 202)
    assert (await ordered.record()).stage is CaseStage.LAUNCHING
    assert (await ordered.intent()).done_at is None

    await world.temporal.restart()
    await world.api.start()
    await world.answering()
    for case in (started, ordered):
        await case.until(_asked, "the launch to be carried out")
        assert (await case.launch()).status_code == 200
        # The department's own callback may have met the dead API; its system repeats it
        await case.closed()
        assert (await case.intent()).done_at is not None
        assert await case.runs() == 1
    await world.verified()


def _asked(record: CaseRecord) -> bool:
    return record.snapshot is not None and record.stage in (CaseStage.COORDINATING, CaseStage.CLOSED)
