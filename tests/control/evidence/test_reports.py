"""`POST /v1/reports` of a running node: complaints count by their call, by its path, once a day."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, HttpAnswer, eventually, running_node

SHOWN, CALLED = "+442079460777", "+4411349600{:02d}"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("reports"), workers=1) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        running.reporter = running.make_token("app", "report:write")
        yield running


def send(
    node: GatewayNode, *lines: object, token: str | None = "", media="application/x-ndjson"
) -> HttpAnswer:
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    headers = {"Content-Type": media}
    if token is not None:
        headers["Authorization"] = f"Bearer {token or node.reporter}"
    with closing(http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)) as connection:
        connection.request("POST", "/v1/reports", body, headers)
        answer = connection.getresponse()
        return HttpAnswer(answer.status, answer.headers, answer.read())


def complaint(**changes: Any) -> dict[str, Any]:
    usual = {"from": SHOWN, "to": CALLED.format(1), "time": int(time.time()), "label": "tax refund"}
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def ask(node: GatewayNode, shown: str, called: str, trunk: str) -> Any:
    call = {
        "id": f"r-{time.monotonic_ns()}",
        "from": {"tn": shown},
        "to": {"tn": [called]},
        "time": int(time.time()),
    }
    answer = node.post("/v1/verdicts", {"call": call | {"trunk": trunk}})
    assert answer.status == 200, answer.body
    return answer.json["verdict"]


def reputation(node: GatewayNode, tn: str) -> Any:
    return node.administer("GET", f"/admin/v1/reputation/{tn}").json


def test_a_complaint_is_its_called_numbers_and_counts_once_a_day(node):
    for number in range(4):
        ask(node, SHOWN, CALLED.format(number), "domestic-1")
    lines = [complaint(to=CALLED.format(number)) for number in range(4)]

    # A complaint counts by what is known of its call, and that is learnt in the order of the journal.
    last, app = "+442079460776", node.make_token("earlier-app", "report:write")
    ask(node, last, CALLED.format(5), "domestic-1")
    about_last = complaint(**{"from": last, "to": CALLED.format(5)})
    eventually(lambda: send(node, about_last, token=app).json["matched"] == 1)
    assert send(node, *lines).json == {"accepted": 4, "matched": 4, "new": 4}
    assert send(node, *lines).json == {"accepted": 4, "matched": 4, "new": 0}
    found = reputation(node, SHOWN)
    assert found["score"] > 0.5
    eventually(lambda: ask(node, SHOWN, CALLED.format(9), "domestic-1")["reputation"]["score"] > 0.5)


def test_a_loud_reporter_of_calls_that_never_were_gets_nobody_labelled(node):
    loud = node.make_token("loud", "report:write")
    rival = "+442079460555"
    lines = [complaint(**{"from": rival, "to": f"+44161496{number:04d}"}) for number in range(500)]
    assert send(node, *lines, token=loud).json == {"accepted": 500, "matched": 0, "new": 1}
    assert reputation(node, rival)["score"] < 0.05
    assert ask(node, rival, CALLED.format(1), "domestic-1")["action"] == "allow"


def test_a_call_whose_end_was_told_is_found_by_its_id(node):
    event = {"call_id": "told-1", "time": int(time.time()), "from": "+442079460444", "to": CALLED.format(1),
             "trunk": "international-1", "answered": True, "duration_seconds": 30}  # fmt: skip
    body = json.dumps(event).encode()
    assert node.post("/v1/call-events", body, headers={"Content-Type": "application/x-ndjson"}).status == 202
    line = complaint(**{"from": event["from"], "call_id": "told-1", "trunk": "international-1"})
    eventually(lambda: send(node, line).json["matched"] == 1)
    # Its id is no way to lay it at another number's door.
    assert send(node, line | {"from": "+442079460445"}).json["matched"] == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"from": ...}, "/from"),
        ({"from": "999"}, "/from"),
        ({"to": "nobody"}, "/to"),
        ({"time": 1}, "/time"),
        ({"time": int(time.time()) + 3600}, "/time"),
        ({"label": "x" * 65}, "/label"),
        ({"label": "a\nb"}, "/label"),
        ({"reporter": "me"}, "/reporter"),
    ],
)
def test_a_mistake_is_named_and_nothing_of_its_batch_is_taken(node, change, pointer):
    fresh = f"+44113496{int(time.monotonic() * 100) % 10_000:04d}"
    answer = send(node, complaint(**{"from": fresh}), complaint(**change))
    assert answer.status == 400
    assert [(each["line"], each["pointer"]) for each in answer.json["errors"]] == [(2, pointer)]
    assert reputation(node, fresh)["sightings"] == []


def test_who_may_report(node):
    assert send(node, complaint(), token=None).status == 401
    assert send(node, complaint(), token=node.make_token("switch", "call:verify")).status == 403
    assert send(node, complaint(), media="application/json").status == 415
    assert send(node).status == 400
    assert send(node, *[complaint()] * 1001).status == 413
    # A token that may report opens nothing else.
    with closing(http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)) as connection:
        connection.request("GET", "/admin/v1/tokens", headers={"Authorization": f"Bearer {node.reporter}"})
        assert connection.getresponse().status == 403
