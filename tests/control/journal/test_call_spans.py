"""A call arrives at a collector as one span without its numbers; what the collector does costs no call."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway import telemetry
from gateway.control.journal import call_spans
from gateway.control.journal.call_spans import CallSpans, SpansSettingError, open_spans
from gateway.generation.settings import TelemetryTable
from gateway.journal import CallEvents
from gateway.telemetry import redact
from tests.control.journal.test_call_lines import RECORD
from tests.otlp_collector import collector, values

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
IN_A_TRACE = replace(RECORD, traceparent=f"00-{TRACE}-{SPAN}-01")


def counted(result: str) -> float:
    return telemetry.SPANS.labels(result)._value.get()


def test_a_call_is_a_span_with_the_parent_its_switch_named_and_no_number():
    with collector() as got:
        spans = open_spans(TelemetryTable(otlp_url=got.url))
        spans.take([CallEvents(time=RECORD.time, events=()), IN_A_TRACE])
        (span,) = got.wait(1)
        spans.close()
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert (span.name, span.kind) == ("verdict", span.SPAN_KIND_SERVER)
    assert span.start_time_unix_nano == pytest.approx(RECORD.time * 1e9, abs=1000)
    assert span.end_time_unix_nano - span.start_time_unix_nano == pytest.approx(1_754_000, abs=1000)
    assert values(span.attributes) == {
        "callmark.trunk": "intl",
        "callmark.orig": redact("442079460123"),
        "callmark.dest": redact("441614960000"),
        "callmark.verstat": "TN-Validation-Passed",
        "callmark.reason": "stir.passed",
        "callmark.action": "block",
        "callmark.deciding": "dno.exact",
        "callmark.attest": "A",
        "callmark.degraded": ["reputation"],
        "callmark.generation": 12,
    }
    for number in ("442079460123", "441614960000"):
        assert number.encode() not in span.SerializeToString()
    (resource,) = got.resources
    assert resource["service.name"] == "callmark"


def test_a_call_without_a_trace_begins_one():
    with collector() as got:
        spans = open_spans(TelemetryTable(otlp_url=got.url))
        spans.take([RECORD, replace(RECORD, traceparent="damaged")])
        first, second = got.wait(2)
        spans.close()
    assert not first.parent_span_id
    assert not second.parent_span_id
    assert first.trace_id != second.trace_id


def test_a_call_whose_switch_keeps_no_span_has_none():
    with collector() as got:
        spans = open_spans(TelemetryTable(otlp_url=got.url))
        spans.take([replace(RECORD, traceparent=f"00-{TRACE}-{SPAN}-00"), IN_A_TRACE])
        (span,) = got.wait(1)
        spans.close()
    assert span.parent_span_id.hex() == SPAN


def test_the_service_is_named_as_the_standard_variables_say(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "callmark-london")
    with collector() as got:
        spans = open_spans(TelemetryTable(otlp_url=got.url))
        spans.take([RECORD])
        got.wait(1)
        spans.close()
    assert got.resources[0]["service.name"] == "callmark-london"


def test_a_collector_that_never_answers_costs_spans_alone(monkeypatch):
    monkeypatch.setattr(call_spans, "MOST_WAITING", 3)
    monkeypatch.setattr(call_spans, "BATCH", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = counted("dropped")
        spans = open_spans(TelemetryTable(otlp_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"))
        spans.take([RECORD])
        asked, _ = silent.accept()  # it is asked, and from now on waits for an answer
        with asked:
            spans.take([RECORD] * 10)
            assert counted("dropped") - before == 7
            spans.close()
    spans._thread.join()


def test_what_a_collector_that_is_not_there_did_not_take_is_counted():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    before = counted("dropped")
    spans = open_spans(TelemetryTable(otlp_url=f"http://127.0.0.1:{port}/v1/traces"))
    spans.take([RECORD, RECORD])
    spans.close()
    spans._thread.join()
    assert counted("dropped") - before == 2


def test_a_failure_of_the_library_is_not_the_end_of_all_spans():
    served = threading.Event()

    class Failing:
        def __init__(self) -> None:
            self.times = 0

        def send(self, records):
            self.times += 1
            if self.times == 1:
                raise RuntimeError("no")
            served.set()
            return len(records), None

        def close(self) -> None:
            """Nothing waits."""

    dropped, sent = counted("dropped"), counted("sent")
    failing = Failing()
    spans = CallSpans(failing)
    spans.take([RECORD])
    while not failing.times:
        spans._awake.set()
    spans.take([RECORD])
    assert served.wait(60)
    spans.close()
    assert (counted("dropped") - dropped, counted("sent") - sent) == (1, 1)


def test_a_proxy_of_the_machines_is_not_told_of_calls(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{gone.getsockname()[1]}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with collector() as got:
        spans = open_spans(TelemetryTable(otlp_url=got.url))
        spans.take([RECORD])
        got.wait(1)
        spans.close()


def test_a_variable_of_the_librarys_that_cannot_be_is_a_sentence(monkeypatch):
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "many")
    with pytest.raises(SpansSettingError, match="OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT must be"):
        open_spans(TelemetryTable(otlp_url="http://127.0.0.1:4318/v1/traces"))


def test_one_that_it_leaves_aside_is_told(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "long")
    with capture_logs() as logs:
        open_spans(TelemetryTable(otlp_url="http://127.0.0.1:4318/v1/traces")).close()
    (line,) = logs
    assert "'long'" in line["problem"]


def test_without_the_extra_the_start_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "gateway.control.journal.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    with pytest.raises(
        SpansSettingError, match=r"opentelemetry.* is not installed: .*requirements-otel.lock"
    ):
        open_spans(TelemetryTable(otlp_url="http://127.0.0.1:4318/v1/traces"))


def test_nobody_who_did_not_ask_loads_any_of_it():
    assert open_spans(TelemetryTable()) is None
    # Parts of opentelemetry itself are redis-py's doing, where it is installed.
    code = """if True:
        import sys, gateway.control.main, gateway.calls.worker, gateway.node.supervisor
        theirs = {"opentelemetry.sdk.trace", "opentelemetry.exporter", "requests", "google"}
        print((theirs | {"gateway.control.journal.otlp"}) & set(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
