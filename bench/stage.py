"""Everything a run needs, started in order: server, a worker process for each bare rung, the product itself."""

import base64
import os
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bare_worker import NAMESPACE, BareSetup, connect
from bench.children import Child, child, children_of
from bench.engine_process import engine_settings
from bench.office import Counter, brief
from bench.policy import departments
from bench.rungs import BARE, Bare, Calls, Engine, Rung
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig
from bootstrap.first_start import SECRETS_FILE, department_secrets
from bootstrap.settings import Settings
from simulators.process import SimulatorProcess
from workflows.search_attributes import ALL_KEYS


@dataclass
class Stage:
    server: EmbeddedTemporal
    folder: Path
    stack: AsyncExitStack
    key: str
    product: Settings
    apart: float
    """Seconds from one department's answer to the next one's."""

    async def rung(self, name: str) -> Rung:
        if name == "L8":
            return await self._engine()
        if name == "L1":
            return Calls(name, await connect(BareSetup(rung=name, address=self.server.address)), {})
        sandbox, values = BARE[name]
        setup = BareSetup(
            rung=name, address=self.server.address, sandbox=sandbox, values=values, key=self.key, apart=self.apart
        )
        processes: dict[str, int] = {}
        if name == "L7":
            folder = self.folder / name
            department_secrets(folder, departments())
            before = set(children_of(os.getpid()))
            played = self.stack.enter_context(SimulatorProcess(folder / SECRETS_FILE))
            await brief(played.url, played.control, self.apart)
            setup = setup.model_copy(update={"secrets": folder / SECRETS_FILE, "simulators": played.url})
            processes |= _departments(set(children_of(os.getpid())) - before)
        worker = await self._child("bench.bare_worker", setup.model_dump_json())
        return Bare(name, await connect(setup), processes | {"worker": worker.pid})

    async def _engine(self) -> Rung:
        data_dir = self.product.data_dir
        engine = await self._child("bench.engine_process", str(data_dir), self.server.address)
        await brief(engine.ready["simulators"], engine.ready["simulators_control"], self.apart)
        counter = Counter.of(engine.ready["api"], data_dir)
        self.stack.push_async_callback(counter.close)
        processes = {"worker": engine.pid} | _departments(children_of(engine.pid))
        client = await connect(BareSetup(rung="L8", address=self.server.address))
        return Engine("L8", client, processes, counter=counter)

    async def _child(self, module: str, *arguments: str) -> Child:
        return await self.stack.enter_async_context(child(module, *arguments))


@asynccontextmanager
async def stage(folder: Path, apart: float) -> AsyncIterator[Stage]:
    kinds = {key.name: "".join(part.title() for part in key.indexed_value_type.name.split("_")) for key in ALL_KEYS}
    config = EmbeddedTemporalConfig(data_dir=folder / "temporal", namespace=NAMESPACE, search_attributes=kinds)
    key = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    async with EmbeddedTemporal(config) as server, AsyncExitStack() as stack:
        yield Stage(server, folder, stack, key, engine_settings(folder / "product", server.address), apart)


def _departments(started: Iterable[int]) -> dict[str, int]:
    """Where the kernel does not tell, their time stays unknown."""
    return dict(zip(("departments",), started, strict=False))


async def all_rungs(at: Stage, names: Sequence[str]) -> list[Rung]:
    return [await at.rung(name) for name in names]
