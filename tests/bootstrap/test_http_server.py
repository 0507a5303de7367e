"""The served API says nothing about what it is made of."""

import httpx
from fastapi import FastAPI

from bootstrap import http_server
from bootstrap.settings import ApiSettings


async def test_a_response_names_no_server() -> None:
    listening = http_server.listen(ApiSettings(port=0))
    async with http_server.serving(FastAPI(), listening, 1.0), httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"{http_server.address(listening)}/openapi.json")
    assert response.status_code == 200
    assert "server" not in response.headers
