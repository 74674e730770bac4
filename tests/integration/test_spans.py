"""A node that is asked for OpenTelemetry spans sends one for each call, in the switch's own trace."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from tests.gateway_node import GatewayNode, HttpAnswer, eventually, running_node
from tests.integration.tokens import FROM, TO, signing_request
from tests.otlp_collector import collector, values

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def verdict() -> dict[str, object]:
    call = {
        "id": f"{FROM}@sbc",
        "from": {"tn": f"+{FROM}"},
        "to": {"tn": [f"+{TO}"]},
        "time": int(time.time()),
    }
    return {"call": call}


def ms_signing() -> dict[str, object]:
    return {"attest": "A", "orig": {"tn": FROM}, "dest": {"tn": [TO]}, "iat": int(time.time())}


def in_trace(
    node: GatewayNode, span: int, path: str, body: object, headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    parent = {"traceparent": f"00-{TRACE}-{span:016x}-01"}
    return node.post(path, body, headers={**parent, **(headers or {})})


def test_a_call_of_each_dialect_arrives_in_its_switchs_trace_without_a_number(tmp_path):
    form = urlencode({"from": f"+{FROM}", "to": f"+{TO}"}).encode()
    with (
        collector() as got,
        running_node(tmp_path, environment={"CALLMARK_TELEMETRY__OTLP_URL": got.url}) as node,
    ):
        signed = in_trace(node, 1, "/3gpp/stir/v1/signing", ms_signing())
        identity = signed.json["identityHeader"]
        asked = {
            "identityHeader": identity,
            "from": {"tn": FROM},
            "to": {"tn": TO},
            "dest": {"tn": TO},
            "time": int(time.time()),
        }
        answers = [
            signed,
            in_trace(node, 2, "/3gpp/stir/v1/verification", asked),
            in_trace(node, 3, "/v1/verdicts", verdict()),
            in_trace(node, 4, "/stir/v1/signing", signing_request()),
            in_trace(node, 5, "/v1/signatures", verdict() | {"ppt": ["shaken"], "attest": "A"}),
            in_trace(node, 6, "/dialplan/v1/verdicts", form, FORM),
            in_trace(node, 7, "/dialplan/v1/signatures", form, FORM),
            in_trace(node, 8, "/v1/check", identity.encode(), {"Content-Type": "text/plain"}),
        ]
        assert [answer.status for answer in answers] == [200] * len(answers), [each.body for each in answers]
        spans = got.wait(len(answers))
        eventually(lambda: len(node.events("call")) == len(answers))
        lines = node.events("call")
        # A span is counted when the collector has answered, which is after it has it.
        sent = f'callmark_spans_total{{result="sent"}} {len(answers)}.0'
        eventually(lambda: sent in node.administer("GET", "/metrics").body.decode())
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    assert sorted(int(span.parent_span_id.hex(), 16) for span in spans) == list(range(1, len(answers) + 1))
    assert {span.name for span in spans} == {"signing", "verification", "verdict", "signatures"}
    for span in spans:
        for number in (FROM, TO, FROM[2:], TO[2:]):
            assert number.encode() not in span.SerializeToString()
        assert values(span.attributes)["callmark.orig"].endswith(f"…{FROM[-2:]}")
    assert {line["traceparent"][:35] for line in lines} == {f"00-{TRACE}"}


def test_a_collector_that_is_not_there_changes_no_call(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/v1/traces"
    environment = {"CALLMARK_TELEMETRY__OTLP_URL": url, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with running_node(tmp_path, environment=environment) as node:
        assert node.post("/v1/verdicts", verdict(), headers={"traceparent": "00-none"}).status == 200
        eventually(lambda: node.events("the collector takes no spans"))
        dropped = 'callmark_spans_total{result="dropped"} 1.0'
        eventually(lambda: dropped in node.administer("GET", "/metrics").body.decode())
        (told,) = node.events("the collector takes no spans")
        assert "spans batch" in told["problem"]
        eventually(lambda: node.events("call"))
        (line,) = node.events("call")
        assert "traceparent" not in line
        assert node.administer("GET", "/readyz").status == 200
    for text in node.log.splitlines():
        json.loads(text)
