"""Bodies are bounded in bytes and in time, whatever the sender announces."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.body_limit import MAX_BODY_BYTES, MAX_CALLBACK_BYTES, BodyLimit
from domain.person import PersonRole
from tests.api.conftest import Desk


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/departments/market/callbacks", MAX_CALLBACK_BYTES), ("/v1/cases", MAX_BODY_BYTES)]
)
async def test_too_large_whatever_is_announced(desk: Desk, path: str, most: int) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    async with desk.client(PersonRole.CLERK) as client:
        announced = await client.post(path, content=b"x" * (most + 1))
        streamed = await client.post(path, content=endless())
        lied = await client.post(path, content=b"x" * (most + 1), headers={"Content-Length": "5"})
        absurd = await client.post(path, content=b"x", headers={"Content-Length": "9" * 5_000})
        fits = await client.post(path, content=b"x" * most)
    for response in (announced, streamed, lied, absurd):
        assert response.status_code == 413
        assert response.json()["code"] == "body-too-large"
        assert response.headers["content-type"] == "application/problem+json"
    assert fits.status_code != 413


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def _sent(messages: list[Message], *, pause: float = 0.0) -> list[Message]:
    sent: list[Message] = []
    waiting = iter(messages)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        if (message := next(waiting, None)) is None:
            await asyncio.sleep(60)
            raise AssertionError("nobody waits this long")
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/cases", "headers": []}
    await BodyLimit(_application, timeout_seconds=0.2)(scope, receive, send)
    return sent


def _chunk(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_an_unfinished_body_is_not_waited_for() -> None:
    start, _ = await _sent([_chunk(b"{", more=True)])
    assert start["status"] == 408


async def test_a_body_that_drips_is_not_waited_for() -> None:
    start, _ = await _sent([_chunk(b"x", more=True)] * 100, pause=0.01)
    assert start["status"] == 408


async def test_a_sender_that_leaves_gets_no_answer() -> None:
    assert await _sent([_chunk(b"{", more=True), {"type": "http.disconnect"}]) == []


async def test_a_body_in_pieces_arrives_whole() -> None:
    start, body = await _sent([_chunk(b"a", more=True), _chunk(b"b", more=False)])
    assert (start["status"], body["body"]) == (200, b"ab")
