"""Traces and metrics: one trace from request to department, nothing private in it, and never in the way."""

import threading
from collections.abc import Sequence

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import Counter
from pytest_httpserver import HTTPServer
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy

from bootstrap.embedded_temporal import EmbeddedTemporal
from bootstrap.settings import TelemetrySettings
from bootstrap.telemetry import SANDBOX_PASSTHROUGH, Telemetry, build_telemetry
from tests.bootstrap.traced_workflow import Department, Traced


class BrokenExporter(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise RuntimeError("the collector's library fails")

    def shutdown(self) -> None:
        raise RuntimeError("and fails again")


def tree(spans: Sequence[ReadableSpan]) -> list[str]:
    """Names by parent, two spaces a level, in the order of their start."""
    by_parent: dict[int | None, list[ReadableSpan]] = {}
    for span in sorted(spans, key=lambda span: span.start_time or 0):
        by_parent.setdefault(span.parent.span_id if span.parent else None, []).append(span)

    def below(parent: int | None, depth: int) -> list[str]:
        return [
            line
            for span in by_parent.get(parent, [])
            for line in ("  " * depth + span.name, *below(span.context.span_id if span.context else -1, depth + 1))
        ]

    return below(None, 0)


async def run_traced(telemetry: Telemetry, server: EmbeddedTemporal, url: str) -> int:
    client = await Client.connect(server.address, namespace="liandong", interceptors=[telemetry.temporal_interceptor()])
    restrictions = SandboxRestrictions.default.with_passthrough_modules("domain", "httpx", *SANDBOX_PASSTHROUGH)
    async with telemetry.instrument(httpx.AsyncClient()) as http:
        worker = Worker(
            client,
            task_queue="traced",
            workflows=[Traced],
            activities=[Department(http, url).call],
            max_cached_workflows=0,
            workflow_runner=SandboxedWorkflowRunner(
                restrictions.with_import_notification_policy(
                    SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
                )
            ),
        )
        async with worker:
            with telemetry.tracer_provider.get_tracer("test").start_as_current_span("POST /cases"):
                return await client.execute_workflow(Traced.run, id="HK-1", task_queue="traced")


@pytest.mark.server
async def test_one_trace_from_the_request_to_the_departments_system(
    embedded: EmbeddedTemporal, httpserver: HTTPServer
) -> None:
    httpserver.expect_ordered_request("/ask").respond_with_data("busy", status=503)
    httpserver.expect_ordered_request("/ask").respond_with_data("ok")
    exporter = InMemorySpanExporter()
    telemetry = build_telemetry(TelemetrySettings(), exporter)

    assert await run_traced(telemetry, embedded, httpserver.url_for("/ask")) == 200

    telemetry.tracer_provider.force_flush()
    spans = exporter.get_finished_spans()
    assert tree(spans) == [
        "POST /cases",
        "  StartWorkflow:Traced",
        "    RunWorkflow:Traced",
        "    StartActivity:CallDepartment",
        "      RunActivity:CallDepartment",
        "        GET",
        "      RunActivity:CallDepartment",
        "        GET",
        "    CompleteWorkflow:Traced",
    ]
    (trace_id,) = {span.context.trace_id for span in spans if span.context}
    for request, _ in httpserver.log:
        assert request.headers["traceparent"].startswith(f"00-{trace_id:032x}-")
    assert "13800138000" not in "".join(span.to_json() for span in spans)
    telemetry.shutdown()


@pytest.mark.server
async def test_a_broken_exporter_changes_no_result(embedded: EmbeddedTemporal, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/ask").respond_with_data("ok")
    telemetry = build_telemetry(TelemetrySettings(), BrokenExporter())

    assert await run_traced(telemetry, embedded, httpserver.url_for("/ask")) == 200
    telemetry.shutdown()


@pytest.mark.timeout(120)
def test_an_absent_collector_does_not_hold_up_the_stop() -> None:
    telemetry = build_telemetry(TelemetrySettings(otlp_endpoint="http://127.0.0.1:9"))
    with telemetry.tracer_provider.get_tracer("test").start_as_current_span("lost"):
        pass

    ending = threading.Thread(target=telemetry.shutdown, daemon=True)
    ending.start()
    ending.join(60)

    assert not ending.is_alive()


def test_without_a_collector_nothing_is_recorded() -> None:
    telemetry = build_telemetry(TelemetrySettings())

    with telemetry.tracer_provider.get_tracer("test").start_as_current_span("unseen") as span:
        assert not span.is_recording()
    assert telemetry.fastapi_config()["tracing"] is False
    telemetry.shutdown()


def test_the_metrics_page_shows_our_own_registry_only() -> None:
    telemetry = build_telemetry(TelemetrySettings(prometheus=False))
    Counter("liandong_test", "Counts.", registry=telemetry.registry).inc(3)

    page, content_type = telemetry.metrics_page()

    assert "liandong_test_total 3.0" in page.decode()
    assert "process_cpu_seconds" not in page.decode()
    assert content_type.startswith("text/plain")
    assert b"process_cpu_seconds" in build_telemetry(TelemetrySettings()).metrics_page()[0]
