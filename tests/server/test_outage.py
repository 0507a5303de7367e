"""Departments' real systems are down and come back, while the worker dies in between: the case knows of both."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from bootstrap.first_start import SECRETS_FILE
from domain.codes import Outcome
from domain.fact import FactKind
from simulators.process import SimulatorProcess
from simulators.server import serving
from tests.server.case import Case, ask, launched
from tests.server.waiting import until
from tests.server.world import World, free_port

pytestmark = [
    pytest.mark.server,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(420, func_only=True),
]

SENT, ASKED = ("s1", "s2", "s3"), "p1"
"""Several are sent, so that five failures in a row come soon."""
_CIRCUIT_SECONDS = 180.0
"""The circuit's pause is half a minute, and the machine may be busy."""


class AskedSystem:
    """Takes everything in, and says where it stands unless it is in trouble."""

    def __init__(self) -> None:
        self.in_trouble = True
        self.answers = False

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/requests/{request_id}/rounds/{number}", methods=["PUT", "GET"])
        async def one_round(request: Request) -> Response:
            if request.method == "PUT":
                return JSONResponse({"receipt": "h-1"})
            if self.in_trouble:
                return JSONResponse({"error": "maintenance"}, status_code=503)
            answered = {"status": "answered", "reply": {"code": "ACCEPTED", "note": ""}}
            return JSONResponse(answered if self.answers else {"status": "pending"})

        return app


@asynccontextmanager
async def moved(world: World, code: str, url: str) -> AsyncIterator[None]:
    """The directory says another address of this department, asked every second."""
    async with world.inside.store.writing() as session:
        before = await session.directory.get(code)
        assert before is not None
        there = {"base_url": url, "own_network": "127.0.0.0/8"}
        often = {"poll_seconds": 1, "poll_seconds_near_due": None, "quiet": None}
        await session.directory.save(before.model_copy(update=there | often))
    try:
        yield
    finally:
        async with world.inside.store.writing() as session:
            await session.directory.save(before)


async def told(case: Case, kind: FactKind) -> None:
    wanted = {case.request_id(key) for key in (*SENT, ASKED)}

    async def look() -> bool:
        return wanted <= {fact.request_id for fact in await case.facts(kind)}

    await until(look, f"{kind} of {sorted(wanted)}", seconds=_CIRCUIT_SECONDS)


async def test_a_system_that_is_down_and_comes_back_is_a_fact_of_each_round_that_it_held_up(world: World) -> None:
    """One is not there, one fails; the next worker tells the end of what the first one saw begin."""
    port, asked = free_port(), AskedSystem()
    sent_to = SimulatorProcess(world.settings.data_dir / SECRETS_FILE, port=port)
    async with (
        serving(asked.app()) as url,
        moved(world, "housing", url),
        moved(world, "police", f"http://127.0.0.1:{port}/police"),
    ):
        case = await launched(world, *(ask(key, "police") for key in SENT), ask(ASKED, "housing"))
        await told(case, FactKind.OUTAGE_BEGAN)
        assert await case.facts(FactKind.OUTAGE_ENDED) == []
        assert "system down since" in (await case.request(SENT[0])).waiting_for

        await world.worker.kill()
        asked.in_trouble = False
        try:
            await asyncio.to_thread(sent_to.start)
            silent = {"default": {"answer_after": None, "acknowledge_after": None}}
            allowed = {"Authorization": f"Bearer {sent_to.control}"}
            told_so = await world.http.put(f"{sent_to.url}/scripts/police", json=silent, headers=allowed)
            told_so.raise_for_status()
            await world.start_worker()
            await told(case, FactKind.OUTAGE_ENDED)
            await case.delivered()
            rounds = [await case.round(key) for key in (*SENT, ASKED)]
            for key in SENT:
                assert (await world.call_back("police", case.reply(key))).is_success
            asked.answers = True
            record = await case.closed()
        finally:
            await asyncio.to_thread(sent_to.stop)
    assert all(turn.ended_at is None for turn in rounds), "only the outage was over"
    assert [turn.outage.cause.value for turn in rounds if turn.outage] == ["UNREACHABLE"] * 3 + ["FAILING"]
    assert record.outcome is not None
    assert record.outcome.outcome is Outcome.DONE
    for kind in (FactKind.OUTAGE_BEGAN, FactKind.OUTAGE_ENDED):
        found = [str(fact.request_id) for fact in await case.facts(kind)]
        assert sorted(found) == sorted(case.request_id(key) for key in (*SENT, ASKED)), "each told once"
    await world.verified()
