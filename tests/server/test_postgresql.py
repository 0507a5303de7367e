"""The distributed shape: two API processes and a worker on one PostgreSQL, beside a Temporal of their own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.codes import Outcome, ReplyCode
from tests.postgres import Postgres
from tests.server.case import Case, ask, triaged
from tests.server.process import PartProcess
from tests.server.waiting import until
from tests.server.world import API, World, environment, free_port, running_world

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


async def test_a_case_is_launched_at_one_api_and_answered_at_the_other(empty_database: str, tmp_path: Path) -> None:
    async with running_world(tmp_path / "data", empty_database) as world, _second_api(world) as other:
        await world.script("market", {"answer_after": None, "acknowledge_after": None})
        case = await triaged(world, ask("licence", "market"))
        at_the_other = Case(other, case.case_id, case.asks)
        assert (await at_the_other.launch()).status_code == 200
        assert (await case.launch()).status_code == 200, "the same launch, and no second one"
        await case.delivered()
        assert (await other.call_back("market", case.reply("licence"))).status_code == 200
        record = await case.closed()

        assert record.outcome is not None
        assert record.outcome.outcome is Outcome.DONE
        assert (await case.round("licence")).reply is ReplyCode.ACCEPTED
        assert await case.runs() == 1
        assert not list(world.settings.data_dir.glob("liandong.db*"))
        await world.verified()


@asynccontextmanager
async def _second_api(world: World) -> AsyncIterator[World]:
    """The same world, spoken to at another API process."""
    port = free_port()
    api = world.settings.api.model_copy(update={"port": port, "public_url": f"http://127.0.0.1:{port}"})
    settings = world.settings.model_copy(update={"api": api})
    process = PartProcess("the second API", API, environment(settings), settings.data_dir / "second-api.log")
    async with httpx.AsyncClient(base_url=api.public_url or "", trust_env=False, timeout=40) as http:
        other = replace(world, api=process, http=http)
        try:
            await process.start()
            await other.answering()
            await until(other.ready, "the second API to reach store and engine")
            yield other
        finally:
            await process.kill()
