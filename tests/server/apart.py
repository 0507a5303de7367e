"""A world whose police live in a network of their own: a worker without a store, Temporal behind mutual TLS alone."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bootstrap.container import open_container
from bootstrap.effective_policy import Whereabouts
from bootstrap.embedded_temporal import EmbeddedTemporal
from bootstrap.first_start import SECRETS_FILE, department_secrets
from bootstrap.policies import load_policy
from bootstrap.private_file import write_private
from bootstrap.settings import Settings, TemporalMode, TemporalSettings
from simulators.process import SimulatorProcess
from tests.bootstrap.tls_front import Authority, Front, tls_front
from tests.server.gate import Gate
from tests.server.policy import write_policy
from tests.server.process import ROOT, PartProcess
from tests.server.world import API, WORKER, World, environment, temporal_config, world_settings

CODE = "police"
ENGINE = "engine"
"""Names in the certificates of the two sides."""


@dataclass(frozen=True)
class Apart:
    world: World
    """Its worker is the department's own; the engine's works in the test's process, at the same front."""
    front: Front
    folder: Path
    """All that the department's worker is given, and all that it keeps."""


@asynccontextmanager
async def police_apart(folder: Path) -> AsyncIterator[Apart]:
    data, theirs = folder / ENGINE, folder / CODE
    async with AsyncExitStack() as stack:
        authority = Authority(folder / "authority")
        secrets = _shared_with(data, theirs)
        simulators = SimulatorProcess(theirs / SECRETS_FILE)
        await asyncio.to_thread(simulators.start)
        stack.push_async_callback(asyncio.to_thread, simulators.stop)
        for side in (data, theirs):
            write_policy(side / "policies", simulators=simulators.url, gated=simulators.url, soap=True)
        temporal = await stack.enter_async_context(EmbeddedTemporal(temporal_config(data)))
        front = await stack.enter_async_context(tls_front(authority, temporal.address))
        settings = world_settings(data, _behind(front, authority, ENGINE))
        http = httpx.AsyncClient(base_url=settings.api.public_url or "", trust_env=False, timeout=40)
        await stack.enter_async_context(http)
        world = World(
            settings=settings,
            temporal=temporal,
            api=PartProcess("the API", API, environment(settings), data / "api.log"),
            worker=_worker(theirs, settings, _behind(front, authority, CODE)),
            simulators=simulators,
            gate=Gate(),
            http=http,
            secrets=secrets,
        )
        for part in (world.api, world.worker):
            stack.push_async_callback(part.kill)
        await world.api.start()
        await asyncio.gather(world.answering(), world.start_worker())
        where = Whereabouts(settings.api.public_url or "", front.address)
        world.container = await stack.enter_async_context(open_container(settings, where))
        for worker in world.inside.workers((), engine=True):
            await stack.enter_async_context(worker)
        yield Apart(world, front, theirs)


def _shared_with(data: Path, theirs: Path) -> dict[str, dict[str, object]]:
    """The department's secrets alone leave the engine's side."""
    department_secrets(data, load_policy(ROOT / "policies").departments)
    secrets = {CODE: json.loads((data / SECRETS_FILE).read_bytes())[CODE]}
    theirs.mkdir()
    write_private(theirs / SECRETS_FILE, json.dumps(secrets))
    return secrets


def _behind(front: Front, authority: Authority, name: str) -> TemporalSettings:
    return TemporalSettings(mode=TemporalMode.OUTSIDE, address=front.address, tls=authority.client(name))


def _worker(theirs: Path, engine: Settings, temporal: TemporalSettings) -> PartProcess:
    """What the engine's side is told of itself does not reach it, but for the keys."""
    settings = engine.model_copy(update={"data_dir": theirs, "policies_dir": theirs / "policies", "temporal": temporal})
    given = {name: value for name, value in environment(settings).items() if not name.startswith("LIANDONG_API__")}
    return PartProcess("the department's worker", [*WORKER, "--department", CODE], given, theirs / "worker.log")
