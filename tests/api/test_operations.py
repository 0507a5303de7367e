"""Health and metrics."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from api.app import create_app
from api.health import readiness
from domain.person import PersonRole
from tests.api.bodies import REGISTRATION
from tests.api.conftest import Desk


async def test_live_asks_nobody(desk: Desk) -> None:
    desk.probe.parts = {"store": "gone"}
    async with desk.client() as anybody:
        response = await anybody.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_ready_names_every_part(desk: Desk) -> None:
    async with desk.client() as anybody:
        well = await anybody.get("/health/ready")
        desk.probe.parts = {"store": None, "engine": "does not answer"}
        ill = await anybody.get("/health/ready")
    lines = {"departments": {"market": "closed", "police": "open"}}
    assert (well.status_code, well.json()) == (200, {"ready": True, "parts": {"store": None, "engine": None}, **lines})
    assert ill.status_code == 503
    assert ill.json() == {"ready": False, "parts": {"store": None, "engine": "does not answer"}, **lines}
    assert int(ill.headers["retry-after"]) > 0


class _Broken:
    async def check(self) -> Mapping[str, str | None]:
        raise RuntimeError("password=secret")

    def departments(self) -> Mapping[str, str]:
        return {}


class _Hanging:
    async def check(self) -> Mapping[str, str | None]:
        await asyncio.sleep(60)
        return {}

    def departments(self) -> Mapping[str, str]:
        return {}


async def test_a_probe_that_fails_or_hangs_is_a_reason() -> None:
    broken = await readiness(_Broken())
    hanging = await readiness(_Hanging(), timeout_seconds=0.05)
    assert not broken.ready
    assert not hanging.ready
    assert "secret" not in str(broken)


@pytest.mark.parametrize("role", [PersonRole.ADMIN, PersonRole.SUPERVISOR, PersonRole.AUDITOR])
async def test_metrics(desk: Desk, role: PersonRole) -> None:
    async with desk.client(role) as scraper:
        response = await scraper.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "liandong_tests_total 1.0" in response.text


async def test_metrics_count_what_is_under_way(desk: Desk) -> None:
    async with desk.client(PersonRole.CLERK) as clerk:
        assert (await clerk.post("/v1/cases", json=REGISTRATION)).status_code == 201
    desk.wall.at += timedelta(days=30)
    async with desk.client(PersonRole.ADMIN) as scraper:
        told = (await scraper.get("/metrics")).text
    assert 'liandong_cases_open{stage="REGISTERED"} 1.0' in told
    assert "liandong_cases_overdue 1.0" in told
    assert "liandong_messages_quarantined 0.0" in told


async def test_metrics_can_be_off(desk: Desk) -> None:
    desk.app = create_app(desk.office, desk.probe)
    async with desk.client(PersonRole.ADMIN) as scraper:
        response = await scraper.get("/metrics")
    assert (response.status_code, response.json()["code"]) == (404, "metrics-off")
