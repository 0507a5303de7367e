"""The worker ends at the worst moments: no case is lost, no department is asked twice."""

import pytest

from domain.codes import Outcome, RoundEnd
from tests.server import gate
from tests.server.case import ask, launched
from tests.server.waiting import until
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]

_STILL_DRAINING_SECONDS = 1.0


async def test_killed_between_delivery_and_answer(world: World) -> None:
    """The first send also breaks off after the department committed it, so the second meets its own key."""
    await world.script("market", {"answer_after": None, "acknowledge_after": None, "fault": "drop"})
    case = await launched(world, ask("one", "market"))
    await case.delivered()

    await world.worker.kill()
    reply = await world.call_back("market", case.reply("one"), message_id="answer-while-no-worker-lives")
    await world.start_worker()
    record = await case.closed()

    assert (reply.status_code, reply.json()) == (200, {"status": "applied"})
    assert record.outcome is not None
    assert record.outcome.outcome is Outcome.DONE
    turn = await case.round("one")
    assert (turn.end, turn.in_time) == (RoundEnd.FINAL, True)
    sends = await world.sends("market", f"{case.request_id('one')}.r1")
    assert [send.committed for send in sends] == [True, False]
    assert await case.runs() == 1
    await world.verified()


async def test_killed_while_a_department_has_not_yet_replied_to_the_delivery(world: World) -> None:
    """The send is lost sight of; the department's answer ends the round all the same."""
    world.gate.close()
    case = await launched(world, ask("one", gate.CODE))
    key = f"{case.request_id('one')}.r1"
    await until(lambda: _sent(world, key), "the delivery to be in flight")

    await world.worker.kill()
    world.gate.open()
    await world.start_worker()
    reply = await world.call_back(gate.CODE, case.reply("one"))
    await case.closed()

    assert reply.status_code in (200, 202), reply.text
    assert (await case.round("one")).end is RoundEnd.FINAL
    assert world.gate.taken >= {key}
    await world.verified()


async def test_asked_to_end_it_finishes_what_is_in_flight(world: World) -> None:
    world.gate.close()
    case = await launched(world, ask("one", gate.CODE), ask("two", "market"))
    key = f"{case.request_id('one')}.r1"
    await until(lambda: _sent(world, key), "the delivery to be in flight")
    await case.delivered("two")

    world.worker.ask_to_end()
    with pytest.raises(TimeoutError):
        await world.worker.ended(_STILL_DRAINING_SECONDS)
    world.gate.open()
    code = await world.worker.ended()

    assert code == 0, world.worker.said()
    assert world.gate.sends(key) == 1
    assert await _completed(world, case.case_id, f"{key}.deliver")
    await world.start_worker()
    for department, ask_key in ((gate.CODE, "one"), ("market", "two")):
        reply = await world.call_back(department, case.reply(ask_key))
        assert reply.status_code == 200, reply.text
    await case.closed()
    assert world.gate.sends(key) == 1
    assert len(await world.sends("market", f"{case.request_id('two')}.r1")) == 1
    await world.verified()


async def _sent(world: World, key: str) -> bool:
    return world.gate.sends(key) > 0


async def _completed(world: World, case_id: str, activity_id: str) -> bool:
    """Whether the history tells that this activity ended well, in its first attempt."""
    scheduled, started = None, None
    history = world.inside.client.get_workflow_handle(case_id).fetch_history_events()
    async for event in history:
        if event.activity_task_scheduled_event_attributes.activity_id == activity_id:
            scheduled = event.event_id
        begun = event.activity_task_started_event_attributes
        if event.HasField("activity_task_started_event_attributes") and begun.scheduled_event_id == scheduled:
            started = begun.attempt
        ended = event.activity_task_completed_event_attributes
        if event.HasField("activity_task_completed_event_attributes") and ended.scheduled_event_id == scheduled:
            return started == 1
    return False
