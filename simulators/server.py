"""Serves an application on a port that is known before the first request."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

_START_SECONDS = 15.0


class _WithinAnotherProgram(uvicorn.Server):
    """Leaves the program's signals alone and ends at once when asked."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.asked_to_end = asyncio.Event()

    async def main_loop(self) -> None:
        await self.asked_to_end.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Port 0 asks for a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # The event loop switches off Nagle's delay only for sockets that name their protocol
    return socket.socket(listening.family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach())


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configuration(app: FastAPI) -> uvicorn.Config:
    # Scripted faults break connections on purpose: their tracebacks would only be noise
    return uvicorn.Config(
        app, log_config=None, log_level="critical", access_log=False, ws="none", timeout_graceful_shutdown=1
    )


@asynccontextmanager
async def serving(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve inside the running event loop; yields the base address."""
    listening = listen(host, port)
    server = _WithinAnotherProgram(configuration(app))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not server.started and not task.done():
                await asyncio.sleep(0.01)
        yield address(listening)
    finally:
        server.asked_to_end.set()
        await task
        listening.close()
