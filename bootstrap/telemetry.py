"""One trace from the HTTP request to the department's system, and our own metrics; never a condition for a result."""

import logging
from dataclasses import dataclass
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from temporalio.contrib.opentelemetry import TracingInterceptor

from bootstrap.settings import TelemetrySettings
from bootstrap.span_privacy import PrivateSpanExporter

SANDBOX_PASSTHROUGH = ("opentelemetry",)
"""Modules that workflow workers must pass through the sandbox: re-importing them costs every case time and memory."""

_logger = logging.getLogger(__name__)
_EXPORT_SECONDS = 2.0
_FLUSH_MILLIS = 3000


@dataclass(frozen=True)
class Telemetry:
    """Handed to whoever makes clients and servers; nothing here is global."""

    tracer_provider: TracerProvider
    registry: CollectorRegistry
    exports_traces: bool

    def temporal_interceptor(self) -> TracingInterceptor:
        """For `Client.connect(interceptors=[…])`; workers of that client inherit it.

        Not the plugin that gives workflow spans a duration: it sends them when the workflow ends, and cases last weeks.
        """
        return TracingInterceptor(self.tracer_provider.get_tracer("liandong"))

    def instrument(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Outgoing calls become spans and carry the W3C trace context to the department."""
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=self.tracer_provider)
        return client

    def fastapi_config(self) -> dict[str, Any]:
        """For `FastAPI(telemetry=…)`; its log records quote rejected inputs, so they stay off."""
        return {
            "tracer_provider": self.tracer_provider,
            "tracing": self.exports_traces,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        }

    def metrics_page(self) -> tuple[bytes, str]:
        """Body and content type of /metrics."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def shutdown(self) -> None:
        """Send what is left, within seconds also when the collector is away."""
        try:
            self.tracer_provider.force_flush(_FLUSH_MILLIS)
            self.tracer_provider.shutdown()
        except Exception as error:
            # Traces are a convenience: whatever an exporter does here must not spoil the stop of the product
            _logger.warning("traces could not be sent at the end: %s", type(error).__name__)


def build_telemetry(settings: TelemetrySettings, exporter: SpanExporter | None = None) -> Telemetry:
    """Make providers from the settings; an exporter given here takes the place of the configured one (tests)."""
    if exporter is None and settings.otlp_endpoint is not None:
        exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_SECONDS)
    sampler = ParentBased(TraceIdRatioBased(settings.sample_ratio)) if exporter is not None else ALWAYS_OFF
    provider = TracerProvider(
        sampler=sampler, resource=Resource.create({"service.name": settings.service_name}), shutdown_on_exit=False
    )
    if exporter is not None:
        # Exports in its own thread and swallows the collector's errors; a full queue drops spans, not requests
        provider.add_span_processor(BatchSpanProcessor(PrivateSpanExporter(exporter)))
    return Telemetry(provider, _registry(settings.prometheus), exporter is not None)


def _registry(with_process_metrics: bool) -> CollectorRegistry:
    registry = CollectorRegistry()
    if with_process_metrics:
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
    return registry
