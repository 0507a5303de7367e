"""One shape for every refusal, and nothing in it that was submitted or that an exception said."""

import logging
from typing import Any

import pytest

from domain.errors import unavailable
from domain.person import PersonRole
from tests.api.bodies import REGISTRATION
from tests.api.conftest import Desk

SHAPE = {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no-such-address"),
        ("DELETE", "/v1/cases", 405, "method-not-allowed"),
        ("GET", "/v1/cases/", 404, "no-such-address"),
        ("GET", "/v1/cases/LD-2023-999999", 404, "unknown-case"),
        ("GET", "/v1/cases?limit=0", 422, "invalid-input"),
    ],
)
async def test_shape(desk: Desk, method: str, path: str, status: int, code: str) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.request(method, path)
    problem = response.json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:liandong:problem:{code}"
    assert problem.keys() >= SHAPE
    if status == 405:
        assert "GET" in response.headers["allow"]


async def test_the_unexpected_tells_an_id_and_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("requester 310000199001010010 broke it")

    monkeypatch.setattr("api.routers.cases.register_case_", broken)
    with caplog.at_level(logging.DEBUG):
        async with desk.client(PersonRole.CLERK) as clerk:
            response = await clerk.post("/v1/cases", json=REGISTRATION)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (500, "unexpected")
    assert "310000199001010010" not in response.text + caplog.text
    (record,) = [one for one in caplog.records if one.name == "api.problem"]
    assert problem["error_id"] in record.getMessage()
    assert any("test_problem.py" in frame for frame in record.frames)  # type: ignore[attr-defined]


async def test_a_store_that_is_away_is_unavailable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise unavailable("store-unavailable", "the store does not answer")

    monkeypatch.setattr(desk.store, "reading", away)
    async with desk.client(PersonRole.CLERK) as clerk:
        response = await clerk.get("/v1/me")
    assert (response.status_code, response.json()["code"]) == (503, "store-unavailable")
    assert int(response.headers["retry-after"]) > 0


async def test_every_response_carries_the_protective_headers(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        for path in ("/v1/me", "/nowhere", "/health/live", "/docs", "/v1/cases?limit=0"):
            headers = (await clerk.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["cache-control"] == "no-store"
            assert "default-src 'none'" in headers["content-security-policy"]
        too_large = await clerk.post("/v1/cases", content=b"x" * 300_000)
    assert too_large.headers["x-content-type-options"] == "nosniff"


async def test_the_access_log_holds_no_values(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="api.access"):
        async with desk.client(PersonRole.CLERK) as clerk:
            await clerk.post("/v1/cases", json=REGISTRATION)
            await clerk.get("/v1/cases", params={"owner": "某人的名字"})
            await clerk.get("/v1/cases/LD-2023-000001")
            await clerk.get("/某人的名字/13800000000")
    lines = [record for record in caplog.records if record.name == "api.access"]
    assert [line.getMessage().rsplit(" ", 1)[0] for line in lines] == [
        "POST /v1/cases 201",
        "GET /v1/cases 200",
        "GET /v1/cases/{case_id} 200",
        "GET unmatched 404",
    ]
    assert [getattr(line, "actor", None) for line in lines] == ["user:clerk"] * 3 + [None]
    assert lines[2].case_id == "LD-2023-000001"  # type: ignore[attr-defined]
    assert not any(word in str(vars(line)) for line in lines for word in ("名字", "餐饮", "13800000000", "token-of"))
