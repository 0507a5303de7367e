"""What an exported span may say: never what somebody typed into an address."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpserver import HTTPServer

from bootstrap.settings import TelemetrySettings
from bootstrap.telemetry import Telemetry, build_telemetry

SECRET = "13800138000"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
async def telemetry(exporter: InMemorySpanExporter) -> AsyncIterator[Telemetry]:
    telemetry = build_telemetry(TelemetrySettings(), exporter)
    yield telemetry
    telemetry.shutdown()


def _exported(telemetry: Telemetry, exporter: InMemorySpanExporter) -> str:
    telemetry.tracer_provider.force_flush()
    return "".join(span.to_json() for span in exporter.get_finished_spans())


async def test_a_request_to_us_leaves_its_route_and_nothing_that_was_typed(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    config: TelemetryConfig = {**telemetry.fastapi_config()}  # type: ignore[typeddict-item]
    app = FastAPI(telemetry=config)

    @app.get("/links/{token}")
    async def link(token: str) -> int:
        return len(token)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://liandong") as client:
        assert (await client.get(f"/links/{SECRET}?contact={SECRET}")).status_code == 200
        assert (await client.get(f"/nowhere/{SECRET}")).status_code == 404
        assert (await client.request(SECRET, "/links/token")).status_code == 405

    exported = _exported(telemetry, exporter)
    assert '"http.route": "/links/{token}"' in exported
    assert SECRET not in exported


async def test_a_request_of_ours_leaves_no_query(
    telemetry: Telemetry, exporter: InMemorySpanExporter, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/requests").respond_with_data("ok")
    async with telemetry.instrument(httpx.AsyncClient()) as client:
        address = httpserver.url_for(f"/requests?contact={SECRET}#{SECRET}")
        assert (await client.get(address.replace("://", f"://user:{SECRET}@"))).status_code == 200

    exported = _exported(telemetry, exporter)
    assert httpserver.url_for("/requests") in exported
    assert SECRET not in exported


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("url.query", f"contact={SECRET}", None),
        ("url.path", f"/links/{SECRET}", None),
        ("http.target", f"/links/{SECRET}?contact={SECRET}", None),
        ("http.url", f"http://user:{SECRET}@here/cases?contact={SECRET}", "http://here/cases"),
        ("url.full", f"http://here/cases?contact={SECRET}", "http://here/cases"),
    ],
)
def test_every_name_that_conventions_give_to_an_address(
    telemetry: Telemetry, exporter: InMemorySpanExporter, name: str, value: str, left: str | None
) -> None:
    with telemetry.tracer_provider.get_tracer("test").start_as_current_span("call") as span:
        span.set_attribute(name, value)
    telemetry.tracer_provider.force_flush()
    (exported,) = exporter.get_finished_spans()
    assert (exported.attributes or {}).get(name) == left
