"""Sends signed answers with next to no work of its own, so that what is measured is whoever answers."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapters.webhook_signature import sign

CONNECTIONS = 32
_MOST_SECONDS = 60.0
"""For one acknowledgement."""
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Played:
    """What came of a burst."""

    waits: list[float] = field(default_factory=list)
    """Seconds from each message to its acknowledgement."""
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    """From the first send to the last acknowledgement."""


def answers(department: str, secret: str, requests: Sequence[str]) -> dict[str, bytes]:
    """For each request the whole HTTP message that accepts it. Good for minutes, as its signature is."""
    return {request: _message(department, secret, request) for request in requests}


async def play(url: str, order: Sequence[str], messages: Mapping[str, bytes]) -> Played:
    """Everything in this order over open connections; each sends its next one when the last is acknowledged."""
    address = urlsplit(url)
    links = [await asyncio.open_connection(address.hostname, address.port) for _ in range(min(CONNECTIONS, len(order)))]
    played, left = Played(), iter([messages[request] for request in order])
    began = time.perf_counter()
    try:
        await asyncio.gather(*(_send(*link, left, played) for link in links))
    finally:
        for _, writer in links:
            writer.close()
    played.seconds = time.perf_counter() - began
    return played


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: Iterator[bytes], played: Played
) -> None:
    for message in left:
        began = time.perf_counter()
        async with asyncio.timeout(_MOST_SECONDS):
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            await reader.readexactly(int(length[1]) if length else 0)
        played.waits.append(time.perf_counter() - began)
        played.statuses[int(head.split(b" ", 2)[1])] += 1


def _message(department: str, secret: str, request: str) -> bytes:
    data = {"request_id": request, "round": 1, "reply": {"code": "ACCEPTED", "note": "可以办理"}}
    body = json.dumps({"type": "request.replied", "timestamp": "2026-01-01T00:00:00Z", "data": data})
    headers = sign(secret, f"m-{request}", datetime.now(UTC), body) | {
        "host": "localhost",
        "content-type": "application/json",
        "content-length": str(len(body.encode())),
    }
    lines = [f"POST /v1/departments/{department}/callbacks HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", body]).encode()
