"""A call's span as OpenTelemetry has it, and its way to a collector by OTLP over HTTP.

Loaded only when asked for: it stands on the extra `otel`. Which calls are sampled, the collector's headers
and time-out, and what names the service are the library's own `OTEL_` variables.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Sequence

import requests
import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from gateway import __version__
from gateway.journal import Record
from gateway.telemetry import redact
from gateway.web.traceparent import parse_traceparent

_log = structlog.get_logger("callmark.spans")


class OtlpExport:
    """To one collector. Raises ValueError for an `OTEL_` variable that cannot be what it is set to."""

    def __init__(self, url: str) -> None:
        self._said = _Said()
        logger = logging.getLogger("opentelemetry")
        logger.propagate, logger.handlers = False, [self._said]
        session = requests.Session()
        # A proxy of the machine's, or a password in its .netrc, is not meant for a collector.
        session.trust_env = False
        self._exporter = OTLPSpanExporter(endpoint=url, session=session)
        self._ended = _Ended()
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("callmark", __version__)
        for each in self._said.take():
            _log.warning("OpenTelemetry does not take a variable as it is set", problem=each)

    def send(self, records: Sequence[Record]) -> tuple[int, str | None]:
        """Send a span for each that is sampled; how many there were, and why they were not taken."""
        for record in records:
            span = self._tracer.start_span(
                record.operation,
                context=_parent(record),
                kind=SpanKind.SERVER,
                attributes=_attributes(record),
                start_time=int(record.time * 1e9),
            )
            span.end(end_time=int((record.time + record.elapsed_ms / 1000) * 1e9))
        spans = self._ended.take()
        is_taken = not spans or self._exporter.export(spans) is SpanExportResult.SUCCESS
        said = self._said.take()
        return len(spans), None if is_taken else (said or ["it is not said why"])[-1]

    def close(self) -> None:
        """End a `send` that waits to try again."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


class _Said(logging.Handler):
    """The library's reasons, which it has for its log alone, where they would be plain text among JSON."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=10)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def take(self) -> list[str]:
        lines = list(self._lines)
        self._lines.clear()
        return lines


class _Ended(SpanProcessor):
    """Spans that ended and are sampled."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._spans.append(span)

    def take(self) -> list[ReadableSpan]:
        spans, self._spans = self._spans, []
        return spans


def _resource() -> Resource:
    ours = Resource.create(
        {"service.name": "callmark", "service.version": __version__, "host.name": socket.gethostname()}
    )
    # Last: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have their say.
    return ours.merge(OTELResourceDetector().detect())


def _parent(record: Record) -> Context:
    found = None if record.traceparent is None else parse_traceparent(record.traceparent)
    if found is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if found.is_sampled else TraceFlags.DEFAULT)
    parent = SpanContext(found.trace_id, found.span_id, is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(parent), Context())


def _attributes(record: Record) -> dict[str, AttributeValue]:
    """Without the call's id: a collector is often somebody else's, and switches write numbers into ids."""
    said: dict[str, AttributeValue | None] = {
        "callmark.trunk": record.trunk,
        "callmark.orig": redact(record.orig),
        "callmark.dest": redact(record.dests[0]),
        "callmark.verstat": record.verstat,
        "callmark.reason": record.reason,
        "callmark.action": record.action,
        "callmark.deciding": record.deciding,
        "callmark.attest": record.attest,
        "callmark.degraded": record.degraded or None,
        "callmark.generation": record.generation,
    }
    return {name: value for name, value in said.items() if value is not None}
