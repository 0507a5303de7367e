"""The served API says nothing about what it is made of, and believes nobody about who is asking."""

import asyncio
import socket
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI, Request

from bootstrap import http_server
from bootstrap.settings import ApiSettings, SettingsError, load_settings
from simulators import server


@pytest.mark.parametrize(
    "listen",
    [lambda: http_server.listen(ApiSettings(port=0)), lambda: server.listen("127.0.0.1", 0)],
    ids=["api", "simulators"],
)
async def test_no_answer_waits_for_the_one_before_it_to_be_acknowledged(listen: Callable[[], socket.socket]) -> None:
    """Over a connection that stays open, Nagle's delay costs every answer 40 ms."""
    taken = asyncio.get_running_loop().create_future()

    class Doorman(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted: socket.socket = transport.get_extra_info("socket")
            taken.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    serving = await asyncio.get_running_loop().create_server(Doorman, sock=listen())
    async with serving:
        _, writer = await asyncio.open_connection(*serving.sockets[0].getsockname()[:2])
        assert await asyncio.wait_for(taken, 5)
        writer.close()
        await writer.wait_closed()


async def test_a_response_names_no_server() -> None:
    listening = http_server.listen(ApiSettings(port=0))
    async with http_server.serving(FastAPI(), listening, 1.0), httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"{http_server.address(listening)}/openapi.json")
    assert response.status_code == 200
    assert "server" not in response.headers


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("", "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7"),
        ("10.0.0.0/8, 127.0.0.0/8", "203.0.113.7"),
    ],
)
async def test_only_a_trusted_proxy_may_say_who_is_asking(
    trusted: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server's own variable must not open what our setting keeps shut
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    monkeypatch.setenv("LIANDONG_API__TRUSTED_PROXIES", trusted)
    app = FastAPI()

    @app.get("/who")
    async def who(request: Request) -> list[str]:
        assert request.client is not None
        return [request.client.host, request.url.scheme]

    api = load_settings().api
    listening = http_server.listen(ApiSettings(port=0))
    serving = http_server.serving(app, listening, 1.0, trusted_proxies=api.trusted_proxies)
    spoofed = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Forwarded-Proto": "https"}
    async with serving, httpx.AsyncClient(trust_env=False, headers=spoofed) as client:
        response = await client.get(f"{http_server.address(listening)}/who")
    assert response.json() == [seen, "http" if seen == "127.0.0.1" else "https"]


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.0.1/8"])
def test_a_proxy_is_named_by_address(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANDONG_API__TRUSTED_PROXIES", wrong)
    with pytest.raises(SettingsError, match="LIANDONG_API__TRUSTED_PROXIES"):
        load_settings()
