"""A raw TCP server that says exactly the bytes it is told to, however wrong they are."""

import asyncio
import gzip
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def http(status: str, headers: dict[str, str], body: bytes = b"", *, length: int | None = None) -> Talk:
    async def talk(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return talk


def json_reply(text: bytes, status: str = "200 OK", **headers: str) -> Talk:
    return http(status, {"content-type": "application/json", **headers}, text)


def gzipped(text: bytes) -> Talk:
    return http("200 OK", {"content-type": "application/json", "content-encoding": "gzip"}, gzip.compress(text))


async def silence(_writer: asyncio.StreamWriter) -> None:
    # Longer than anybody's patience; the server's end cuts it off
    await asyncio.Event().wait()


async def one_byte_now_and_then(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(writer: asyncio.StreamWriter) -> None:
    """A hundred megabytes, if anybody reads them."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000000\r\n\r\n")
    for _ in range(1600):
        writer.write(b" " * 65_536)
        await writer.drain()


async def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def garbage(writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    await writer.drain()


async def taking_in(request: bytes, writer: asyncio.StreamWriter) -> None:
    """A system in order: takes every delivery in, and when asked for an answer has none yet."""
    asked = request.startswith(b"GET ")
    together = asked and b"?rounds=" in request.partition(b"\r\n")[0]
    reply = json_reply(
        b'{"status":"pending"}' if asked else b'{"receipt":"7"}', "404 Not Found" if together else "200 OK"
    )
    await reply(writer)


@asynccontextmanager
async def faulty_server(
    talk: Talk, tls: ssl.SSLContext | None = None, heard: list[bytes] | None = None
) -> AsyncIterator[str]:
    """Answers every request with the same talk; yields the base address. `heard` gets the heads of the requests."""

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        if heard is not None:
            heard.append(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        await talk(writer)

    async with responding(respond, tls) as url:
        yield url


@asynccontextmanager
async def responding(respond: Respond, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Lets `respond` see each request, head and body, and choose what is said; yields the base address."""
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            running.add(task)
            task.add_done_callback(running.discard)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await respond(head + (await reader.readexactly(int(length[1])) if length else b""), writer)
        except (ConnectionError, EOFError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.close()
        under_way = list(running)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await server.wait_closed()
