"""Deadlines that pass while nobody works: judged by when the answer reached our door."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from domain.fact import FactKind
from domain.snapshot import RoundSnapshot
from tests.server.case import Case, ask, launched
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(400, func_only=True),
]

LIMITS_SECONDS = (15, 120)
"""The second one for a machine that is too slow for the first."""
_PAST_DUE_SECONDS = 1.0


async def test_answers_before_and_after_a_deadline_that_passes_without_workers(world: World) -> None:
    (late, timely, silent), in_time = await _one_answer_in_time(world)

    await _until_past(max([await _due(case) for case in (late, timely, silent)]))
    too_late = await world.call_back("market", late.reply("one"))
    await world.start_worker()
    for case in (late, timely):
        await case.closed()

    assert [(one.status_code, one.json()) for one in (in_time, too_late)] == [(200, {"status": "applied"})] * 2
    await _judged_late(late)
    await _judged_in_time(timely)
    await silent.until(lambda record: record.snapshot and _told(record.snapshot.requests[0].rounds[0]), "its rung")
    assert (await silent.decide("withdraw")).status_code == 200
    await silent.closed()
    await world.verified()


async def _one_answer_in_time(world: World) -> tuple[tuple[Case, Case, Case], httpx.Response]:
    """Three cases whose departments have been asked, no worker any more, and one answer before the deadline."""
    for limit in LIMITS_SECONDS:
        asks = [ask("one", code, reply=f"{limit} seconds") for code in ("market", "police", "medical")]
        late, timely, silent = [await launched(world, one) for one in asks]
        for case in (late, timely, silent):
            await case.delivered()
        assert await world.worker.stop() == 0, world.worker.said()
        in_time = await world.call_back("police", timely.reply("one"))
        if datetime.now(UTC) < await _due(timely):
            return (late, timely, silent), in_time
        await world.start_worker()
    raise AssertionError("the machine is too slow even for the longest limit")


async def _judged_late(case: Case) -> None:
    turn = await case.round("one")
    assert turn.in_time is False
    # Whether or not somebody is still told, the silence stays on record
    assert _proofs(turn)["reply_overdue"].startswith(("delivered", "answered: "))
    fired = [fact for fact in await case.facts(FactKind.RUNG_FIRED) if fact.data["rung"] == "reply_overdue"]
    assert [fact.data["planned_at"] for fact in fired] == [turn.due_at.isoformat() if turn.due_at else None]
    (replied,) = await case.facts(FactKind.REPLIED)
    assert replied.data["in_time"] == "no"


async def _judged_in_time(case: Case) -> None:
    turn = await case.round("one")
    assert turn.in_time is True
    (replied,) = await case.facts(FactKind.REPLIED)
    assert turn.due_at is not None
    assert replied.at > turn.due_at, "it was to be processed after the deadline"
    rungs = {fact.data["rung"] for fact in await case.facts(FactKind.RUNG_FIRED)}
    assert not rungs & {"not_signed_for", "reply_overdue", "duty_leader_decides"}
    assert _proofs(turn).get("reply_overdue", "held: ").startswith("held: ")


def _proofs(turn: RoundSnapshot) -> dict[str, str]:
    return {proof.rung: proof.result for proof in turn.rungs}


def _told(turn: RoundSnapshot) -> bool:
    return _proofs(turn).get("reply_overdue") == "delivered"


async def _due(case: Case) -> datetime:
    due_at = (await case.round("one")).due_at
    assert due_at is not None
    return due_at


async def _until_past(instant: datetime) -> None:
    """Time itself is the condition here."""
    await asyncio.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()) + _PAST_DUE_SECONDS)
