"""The whole product as one supervised tree of processes, started in order and stopped in the opposite one."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bootstrap import http_server
from bootstrap.container import Container, open_container
from bootstrap.data_dir import open_data_dir
from bootstrap.effective_policy import Whereabouts, effective_policy
from bootstrap.embedded_temporal import EmbeddedTemporal, EmbeddedTemporalConfig
from bootstrap.first_start import SECRETS_FILE, department_secrets
from bootstrap.http_app import build_app
from bootstrap.keyring import open_key_ring
from bootstrap.loops import office_loops, run_loops
from bootstrap.operator_error import OperatorError
from bootstrap.running import Running, announce, withdraw
from bootstrap.settings import Pace, Settings, TemporalMode
from bootstrap.workers import run_workers
from simulators.process import SimulatorProcess
from workflows.search_attributes import ALL_KEYS

_SIMULATORS_FILE = "simulators.json"
_LOOP_STOP_SECONDS = 3.0
"""A step that still asks workers which have gone is cut off: every step may be repeated."""


class PartEndedError(OperatorError):
    """A part of the running product ended by itself: the whole must stop and say so."""


@dataclass
class Product:
    """The running product."""

    settings: Settings
    container: Container
    running: Running
    _parts: list["asyncio.Task[Any]"] = field(default_factory=list)

    async def failed(self) -> Exception:
        """Wait until a part ends by itself; race this against the signal to stop."""
        await asyncio.wait(self._parts, return_when=asyncio.FIRST_COMPLETED)
        part = next(part for part in self._parts if part.done())
        error = None if part.cancelled() else part.exception()
        if isinstance(error, Exception):
            return error
        result = None if part.cancelled() else part.result()
        # The watch over the embedded server returns the error that describes its death
        return (
            result
            if isinstance(result, Exception)
            else PartEndedError(f"组件 {part.get_name()} 自行停止 · this part ended by itself")
        )


@asynccontextmanager
async def running_product(settings: Settings, *, simulators: bool) -> AsyncIterator[Product]:
    """Start everything; leaving the block stops API, workers, loops, simulators and Temporal, in this order."""
    open_data_dir(settings.data_dir)
    # Before anything runs: a wrong policy costs no start, and only an empty data directory may get a new key
    effective_policy(settings, Whereabouts("", ""))
    open_key_ring(settings)
    async with AsyncExitStack() as stack:
        listening = http_server.listen(settings.api)
        stack.callback(listening.close)
        address = http_server.address(listening)
        parts: list[asyncio.Task[Any]] = []
        temporal = await _temporal(stack, settings, parts)
        simulated = await _simulators(stack, settings, address) if simulators else None
        where = Whereabouts(
            public_url=settings.api.public_url or address,
            temporal_address=temporal.address if temporal else settings.temporal.address,
            simulators_url=simulated.url if simulated else None,
            serves=True,
        )
        container = await stack.enter_async_context(open_container(settings, where))
        running = _running(settings, address, temporal, simulated)
        await _work(stack, container, parts)
        await _api(stack, container, listening, parts)
        announce(settings.data_dir, running)
        stack.callback(withdraw, settings.data_dir)
        yield Product(settings, container, running, parts)


@asynccontextmanager
async def running_api(settings: Settings) -> AsyncIterator[Product]:
    """The API with its relays and loops, beside a Temporal that runs elsewhere; workers are other processes."""
    async with AsyncExitStack() as stack:
        listening = http_server.listen(settings.api)
        stack.callback(listening.close)
        address = http_server.address(listening)
        where = Whereabouts(
            settings.api.public_url or address, settings.temporal.address, lazy_engine=True, serves=True
        )
        container = await stack.enter_async_context(open_container(settings, where))
        parts: list[asyncio.Task[Any]] = []
        await _loops(stack, container, parts)
        await _api(stack, container, listening, parts)
        yield Product(settings, container, _running(settings, address, None, None), parts)


async def _temporal(
    stack: AsyncExitStack, settings: Settings, parts: list["asyncio.Task[Any]"]
) -> EmbeddedTemporal | None:
    if settings.temporal.mode is TemporalMode.OUTSIDE:
        return None
    kinds = {key.name: _server_word(key.indexed_value_type.name) for key in ALL_KEYS}
    temporal = await stack.enter_async_context(EmbeddedTemporal(EmbeddedTemporalConfig.from_settings(settings, kinds)))
    watch = _part(parts, "temporal", temporal.died())
    stack.push_async_callback(_end, watch)
    return temporal


async def _simulators(stack: AsyncExitStack, settings: Settings, address: str) -> SimulatorProcess:
    # The simulated departments know the same secrets as the adapters
    policy = effective_policy(settings, Whereabouts("", ""))
    department_secrets(settings.data_dir, policy.departments)
    # Cases that are open at a stop go on at the next start, so the departments must remember what they were asked,
    # and answer at the address that the API has now
    memory = (settings.data_dir / _SIMULATORS_FILE).resolve()
    arguments = ("--memory", str(memory), "--callback-base", address)
    simulated = SimulatorProcess(settings.data_dir / SECRETS_FILE, arguments)
    stack.push_async_callback(asyncio.to_thread, simulated.stop)
    await asyncio.to_thread(simulated.start)
    return simulated


async def _work(stack: AsyncExitStack, container: Container, parts: list["asyncio.Task[Any]"]) -> None:
    await _loops(stack, container, parts)
    stop, chosen = asyncio.Event(), container.settings.worker
    workers = container.workers(chosen.departments, engine=chosen.engine)
    task = _part(parts, "workers", run_workers(workers, stop))
    stack.push_async_callback(_wind_down, task, stop)
    if chosen.departments is None:
        added = _part(parts, "workers-of-added-departments", container.follow_directory(stop))
        stack.push_async_callback(_wind_down, added, stop)


async def _loops(stack: AsyncExitStack, container: Container, parts: list["asyncio.Task[Any]"]) -> None:
    stop = asyncio.Event()
    task = _part(parts, "loops", run_loops(office_loops(container.office), stop))
    stack.push_async_callback(_wind_down, task, stop, _LOOP_STOP_SECONDS)


async def _api(
    stack: AsyncExitStack, container: Container, listening: socket.socket, parts: list["asyncio.Task[Any]"]
) -> None:
    settings = container.settings
    served = http_server.serving(
        build_app(container),
        listening,
        settings.graceful_shutdown_seconds,
        trusted_proxies=settings.api.trusted_proxies,
    )
    parts.append(await stack.enter_async_context(served))


def _running(
    settings: Settings, address: str, temporal: EmbeddedTemporal | None, simulated: SimulatorProcess | None
) -> Running:
    return Running(
        pid=os.getpid(),
        api_url=address,
        temporal_address=temporal.address if temporal else settings.temporal.address,
        temporal_ui_url=temporal.ui_url if temporal else settings.temporal.ui_url,
        simulators_url=simulated.url if simulated else None,
        simulators_control=simulated.control if simulated else None,
        day_seconds=settings.pace.seconds_per_working_day if settings.pace.mode is Pace.COMPRESSED else None,
    )


def _part(parts: list["asyncio.Task[Any]"], name: str, work: Coroutine[Any, Any, object]) -> "asyncio.Task[Any]":
    task = asyncio.create_task(work, name=name)
    parts.append(task)
    return task


async def _wind_down(task: "asyncio.Task[Any]", stop: asyncio.Event, at_most: float | None = None) -> None:
    stop.set()
    await asyncio.wait([task], timeout=at_most)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _end(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _server_word(kind: str) -> str:
    """`KEYWORD_LIST` → `KeywordList`, as the server's command line says it."""
    return "".join(part.title() for part in kind.split("_"))
