"""Serves the API inside this program's event loop, on a port that is known before the first request."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from bootstrap.operator_error import OperatorError
from bootstrap.settings import ApiSettings

_START_SECONDS = 20.0


class PortTakenError(OperatorError):
    """Somebody else listens there; the text names the setting."""


class HttpServerError(OperatorError):
    """The server did not start or ended by itself."""


class _WithoutSignals(uvicorn.Server):
    """The program decides what a signal means and in which order its parts stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(settings: ApiSettings) -> socket.socket:
    """Bind the API's port; 0 asks for a free one. Raises PortTakenError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        taken = error.errno == errno.EADDRINUSE
        zh, en = ("已被占用", "is in use") if taken else ("不可用", f"cannot be used ({error.strerror})")
        raise PortTakenError(
            f"端口 {settings.port} {zh} · port {settings.port} {en} on {settings.host}.\n"
            "请停止占用它的程序，或用 LIANDONG_API__PORT 换一个端口（0 为自动选择） · "
            "Stop the program that uses it, or set LIANDONG_API__PORT to another port (0 chooses a free one)."
        ) from None
    # The event loop switches off Nagle's delay only for sockets that name their protocol: 40 ms an answer
    return socket.socket(listening.family, listening.type, socket.IPPROTO_TCP, fileno=listening.detach())


def address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@asynccontextmanager
async def serving(
    app: FastAPI, listening: socket.socket, drain_seconds: float, *, trusted_proxies: Sequence[object] = ()
) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve while the block runs; the task ends early only when the server failed.

    Leaving the block stops accepting at once and lets requests in flight finish. Who is asking is the address of the
    connection; only `trusted_proxies` (addresses or networks) may name another one.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        # The application writes its own, without addresses and queries
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=[str(proxy) for proxy in trusted_proxies],
        ws="none",
        timeout_graceful_shutdown=max(1, int(drain_seconds)),
    )
    server = _WithoutSignals(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name="api")
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not server.started:
                if task.done():
                    raise HttpServerError("接口未能启动，原因见日志 · the API did not start: its log says why")
                await asyncio.sleep(0.02)
        yield task
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listening.close()
