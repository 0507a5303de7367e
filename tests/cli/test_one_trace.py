"""One trace leads from the duty leader's launch through workflow and activity to the department's system."""

import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.cli.test_demonstration import PATIENCE_SECONDS, patient_policies, run


@dataclass
class Collector:
    url: str = ""
    spans: dict[bytes, Span] = field(default_factory=dict)

    def way_to(self, span: Span) -> list[str]:
        """Names from the root of the trace down to this span."""
        way = [span.name]
        while span.parent_span_id in self.spans:
            span = self.spans[span.parent_span_id]
            way.insert(0, span.name)
        return way


@pytest.fixture
def collector() -> Iterator[Collector]:
    collected = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            for resource in ExportTraceServiceRequest.FromString(plain).resource_spans:
                for scope in resource.scope_spans:
                    collected.spans.update({span.span_id: span for span in scope.spans})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    collected.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield collected
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.server
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
def test_the_launch_and_the_departments_call_are_one_trace(tmp_path: Path, collector: Collector) -> None:
    policies = patient_policies(tmp_path, "hk-2")

    answer = run(
        tmp_path / "data",
        "up",
        "--demo",
        "--once",
        LIANDONG_POLICIES_DIR=str(policies),
        LIANDONG_TELEMETRY__OTLP_ENDPOINT=collector.url,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    ways = [collector.way_to(span) for span in collector.spans.values() if span.kind == Span.SPAN_KIND_CLIENT]
    technique = {"PUT": "polled", "POST": "webhook"}
    delivered = [way for way in ways if way[-1] in technique and "RunActivity:deliver_request" in way]
    assert {technique[way[-1]] for way in delivered} == {"polled", "webhook"}
    for way in delivered:
        assert way[0] == "POST /v1/cases/{case_id}/launch"
        assert way[1] == "StartWorkflow:CaseCoordination"
    _nothing_personal(collector)


def _nothing_personal(collector: Collector) -> None:
    told = b"".join(span.SerializeToString() for span in collector.spans.values())
    for personal in ("张某", "13800000000", "310000199001010010", "恶性肿瘤"):
        assert personal.encode() not in told
