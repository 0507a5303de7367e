"""Three departments in trouble at once: one hangs, one answers a hundred megabytes, one is up and down.

The others' deliveries, answers and rungs, and the rungs of the troubled ones themselves, are on time while it lasts;
memory stays bounded; and when it ends, everything that was held up goes through.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from domain.case import CaseRecord
from domain.codes import RequestState
from tests.adapters.faulty_server import endless, reset, responding, taking_in
from tests.server import gate
from tests.server.case import Case, ask, launched
from tests.server.world import World

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300, func_only=True),
]

HUGE, FLAPPING = "assist", "water"
TROUBLED = {"hanging": gate.CODE, "huge": HUGE, "flapping": FLAPPING}
ON_TIME = timedelta(seconds=30)
"""Far less than any of the troubles lasts or its retries wait, far more than a busy machine needs."""
SPARE_MEMORY = 80 * 1024 * 1024
"""Less than one answer of the huge one."""
BYSTANDERS = 3


class Trouble:
    def __init__(self) -> None:
        self.lasts = True
        self.asked = dict.fromkeys((HUGE, FLAPPING), 0)

    async def respond(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        code = next(one for one in self.asked if f"/{one}/".encode() in request.partition(b"\r\n")[0])
        self.asked[code] += 1
        if not self.lasts:
            await taking_in(request, writer)
        elif code == HUGE:
            await endless(writer)
        elif self.asked[code] % 2:
            await reset(writer)
        else:
            await taking_in(request, writer)


@asynccontextmanager
async def in_trouble(world: World) -> AsyncIterator[Trouble]:
    """The three departments' systems misbehave; afterwards the directory is as it was."""
    trouble = Trouble()
    async with responding(trouble.respond) as url:
        async with world.inside.store.writing() as session:
            before = [one for one in await session.directory.all() if one.code in trouble.asked]
            for one in before:
                await session.directory.save(one.model_copy(update={"base_url": f"{url}/{one.code}"}))
        world.gate.close()
        try:
            yield trouble
        finally:
            world.gate.open()
            async with world.inside.store.writing() as session:
                for one in before:
                    await session.directory.save(one)


async def test_the_others_are_served_on_time_and_all_is_well_when_the_trouble_ends(world: World) -> None:
    for code in ("market", "police"):
        await world.script(code, {"acknowledge_after": 0.2, "answer_after": 1.0})
    async with in_trouble(world) as trouble:
        held = world.worker.most_memory
        stuck = await launched(world, *(ask(key, code, reply="4 seconds") for key, code in TROUBLED.items()))
        others = await asyncio.gather(*(launched(world, *_asks()) for _ in range(BYSTANDERS)))
        for case in others:
            await case.until(_answered, "the answers of the healthy departments")
            await case.until(lambda record: _told(record) >= {"slow"}, "the rung of a healthy, silent department")
        await stuck.until(lambda record: _told(record) >= set(TROUBLED), "the rungs of those in trouble")
        for case in (stuck, *others):
            await _on_time(case)
        assert {(await stuck.round(key)).delivered_at for key in ("hanging", "huge")} == {None}
        assert trouble.asked[HUGE] > 0
        assert world.worker.most_memory - held < SPARE_MEMORY
        trouble.lasts = False
        world.gate.open()
        await stuck.until(_delivered, "what was held up to go through", seconds=150)
    for key, code in TROUBLED.items():
        assert (await world.call_back(code, stuck.reply(key))).json() == {"status": "applied"}
    for case in others:
        assert (await world.call_back("medical", case.reply("slow"))).json() == {"status": "applied"}
    for case in (stuck, *others):
        await case.closed()
    for case in others:
        assert [(await case.round(key)).in_time for key in ("prompt", "quick")] == [True, True]
    await world.verified()


def _asks() -> list[dict[str, object]]:
    return [
        ask("prompt", "market", reply="10 minutes"),
        ask("quick", "police", reply="10 minutes"),
        ask("slow", "medical", reply="4 seconds"),
    ]


def _answered(record: CaseRecord) -> bool:
    requests = record.snapshot.requests if record.snapshot else ()
    return {one.key for one in requests if one.state is RequestState.ANSWERED} >= {"prompt", "quick"}


def _delivered(record: CaseRecord) -> bool:
    requests = record.snapshot.requests if record.snapshot else ()
    return all(one.round is not None and one.round.delivered_at is not None for one in requests)


def _told(record: CaseRecord) -> set[str]:
    """Keys of the requests whose silence was told."""
    requests = record.snapshot.requests if record.snapshot else ()
    return {one.key for one in requests for turn in one.rounds for rung in turn.rungs if rung.rung == "reply_overdue"}


async def _on_time(case: Case) -> None:
    record = await case.record()
    assert record.snapshot is not None
    proofs = [proof for one in record.snapshot.requests for turn in one.rounds for proof in turn.rungs]
    assert {proof.result for proof in proofs} == {"delivered"}
    late = [proof for proof in proofs if proof.fired_at - proof.planned_at > ON_TIME]
    assert not late, late
