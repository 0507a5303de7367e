"""Departments answer by completing their activity, and one that is away delays nobody else."""

import asyncio

import pytest

from domain.case import CaseRecord
from domain.codes import Outcome, RequestState
from domain.fact import FactKind
from tests.server import gate
from tests.server.case import LONG, ask, launched
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120, func_only=True),
]

FOUR = ("market", "police", "medical", "assist")
MOST_ORDERED = 80
MOST_ORDERED_SIGNED = 110
"""What each delivery, signature and answer costs when it wakes the case alone: nothing beyond that is added. How often
the engine hands the case to a worker depends on the machine's load and is not counted."""


def states(record: CaseRecord) -> dict[str, RequestState]:
    return {request.key: request.state for request in record.snapshot.requests} if record.snapshot else {}


def overdue(record: CaseRecord) -> set[str]:
    """Keys of the asks whose silence was told."""
    requests = record.snapshot.requests if record.snapshot else ()
    return {one.key for one in requests for turn in one.rounds for rung in turn.rungs if rung.rung == "reply_overdue"}


async def test_a_case_of_four_departments_keeps_a_short_history(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    case = await launched(world, *(ask(code, code) for code in FOUR))
    await case.delivered()
    replies = await asyncio.gather(*(world.call_back(code, case.reply(code)) for code in FOUR))
    assert [(one.status_code, one.json()) for one in replies] == [(200, {"status": "applied"})] * 4

    record = await case.closed()
    ordered = await case.ordered()

    assert record.outcome is not None
    assert record.outcome.outcome is Outcome.DONE
    with capsys.disabled():
        print(f"\nfour departments, one round each, answered: {ordered} events of our commands")  # noqa: T201
    assert ordered <= MOST_ORDERED
    await world.verified()


async def test_four_departments_sign_and_answer_through_their_systems(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for code in FOUR:
        await world.script(code, {"acknowledge_after": 0.2, "answer_after": 1.5})

    case = await launched(world, *(ask(code, code) for code in FOUR))
    record = await case.closed()
    ordered = await case.ordered()

    assert record.outcome is not None
    assert record.outcome.outcome is Outcome.DONE
    for code in FOUR:
        turn = await case.round(code)
        assert (turn.in_time, turn.rungs) == (True, ())
        assert turn.signed_at is not None
        assert turn.received_at is not None
        assert turn.signed_at <= turn.received_at
        assert len(await world.sends(code, f"{case.request_id(code)}.r1")) == 1
    with capsys.disabled():
        print(f"\nfour departments, one round each, signed for and answered: {ordered} events of our commands")  # noqa: T201
    assert ordered <= MOST_ORDERED_SIGNED
    await world.verified()


async def test_a_department_that_hangs_delays_no_other(world: World) -> None:
    """Three go on with their answers and rungs; the fourth gets its own rungs, and its request once it is back."""
    world.gate.close()
    await world.script("market", {"acknowledge_after": 0.2, "answer_after": 1.0})
    await world.script("police", {"acknowledge_after": 0.2, "answer_after": 1.0, "fail_first": 2})
    case = await launched(
        world,
        ask("away", gate.CODE, reply="4 seconds"),
        ask("prompt", "market", reply=LONG),
        ask("flapping", "police", reply=LONG),
        ask("slow", "medical", reply="4 seconds"),
    )

    both = {"prompt", "flapping"}
    await case.until(
        lambda record: both <= {key for key, state in states(record).items() if state is RequestState.ANSWERED},
        "two answers while the third department hangs",
    )
    assert world.gate.sends(f"{case.request_id('away')}.r1") >= 1
    await case.until(lambda record: overdue(record) >= {"away", "slow"}, "two overdue rungs")
    reply = await world.call_back("medical", case.reply("slow"))
    assert (reply.status_code, reply.json()) == (200, {"status": "applied"})
    away = await case.request("away")
    assert (away.state, away.rounds[0].delivered_at) == (RequestState.OPEN, None)

    world.gate.open()
    await case.delivered("away")
    reply = await world.call_back(gate.CODE, case.reply("away"))
    assert (reply.status_code, reply.json()) == (200, {"status": "applied"})
    await case.closed()

    assert {key: (await case.round(key)).in_time for key in ("prompt", "flapping", "slow", "away")} == {
        "prompt": True,
        "flapping": True,
        "slow": False,
        "away": False,
    }
    assert not (await case.round("prompt")).rungs
    sends = await world.sends("police", f"{case.request_id('flapping')}.r1")
    assert [send.committed for send in sends] == [False, False, True]
    told = {(fact.request_id, fact.data["rung"]) for fact in await case.facts(FactKind.RUNG_FIRED)}
    assert {(case.request_id(key), "reply_overdue") for key in ("away", "slow")} <= told
    for key in ("away", "slow"):
        proof = next(proof for proof in (await case.round(key)).rungs if proof.rung == "reply_overdue")
        assert proof.result == "delivered"
        assert proof.fired_at >= proof.planned_at
    await world.verified()
