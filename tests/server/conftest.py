"""One world for each test process: starting it takes longer than most tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.server.world import World, running_world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with running_world(tmp_path_factory.mktemp("world") / "data") as world:
        yield world


@pytest_asyncio.fixture(loop_scope="session")
async def world(shared_world: World) -> World:
    await shared_world.heal()
    return shared_world
