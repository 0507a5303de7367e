"""Keeps personal data out of traces: what an exported span may say."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes, AttributeValue

# Texts of exceptions quote inputs, a query string may hold what somebody searched for, and the path of a request to us
# whatever somebody typed, or the token of a mailed link: `http.route` says which door it was
_DROPPED = frozenset(
    {
        "url.path",
        "url.query",
        "http.target",
        "http.request.method_original",
        "exception.message",
        "exception.stacktrace",
    }
)
_ADDRESSES = frozenset({"url.full", "http.url"})
"""Of our own requests, to addresses of the directory."""


class PrivateSpanExporter(SpanExporter):
    """Passes spans on without exception texts, status texts, query strings and what was typed as a path."""

    def __init__(self, target: SpanExporter) -> None:
        self._target = target

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._target.export([_without_texts(span) for span in spans])

    def shutdown(self) -> None:
        self._target.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._target.force_flush(timeout_millis)


def _without_texts(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_cleaned(span.attributes),
        events=[Event(event.name, _cleaned(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _cleaned(attributes: Attributes) -> Mapping[str, AttributeValue]:
    return {
        name: _without_query(value) if name in _ADDRESSES and isinstance(value, str) else value
        for name, value in (attributes or {}).items()
        if name not in _DROPPED
    }


def _without_query(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
