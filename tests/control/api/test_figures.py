"""The figures of a real node."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("figures")) as running:
        for number in range(5):
            call = {
                "id": f"forged-{number}",
                "from": {"tn": "+442079460999"},
                "to": {"tn": ["+441614960000"]},
                "time": int(time.time()),
                "trunk": "international-1",
            }
            assert running.post("/v1/verdicts", {"call": call}).status == 200
        eventually(lambda: figures(running)["totals"]["calls"] == 5)
        yield running


def figures(node: GatewayNode, query: str = "", *, token: str | None = None):
    answer = node.administer("GET", f"/admin/v1/figures{query}", token=token)
    assert answer.status == 200, answer.body
    return answer.json


def test_calls_are_counted_by_what_became_of_them(node):
    document = figures(node)
    assert document["totals"]["actions"] == {"block": 5}
    assert document["totals"]["deciding"] == {"dno.exact": 5}
    assert document["totals"]["elapsed_ms"]["p99"] > 0
    assert [(each["trunk"], each["calls"]) for each in document["trunks"]] == [("international-1", 5)]
    assert document["forged"]["numbers"] == [
        {"number": "+442079460999", "path": "international/unsigned", "reason": "dno.exact", "calls": 5}
    ]
    assert document["forged"]["brands"][0]["calls"] == 5
    assert document["generation"] == 1
    assert [worker["state"] for worker in document["workers"]] == ["ready"]


def test_an_auditor_sees_no_number(node):
    auditor = node.make_token("figures-auditor", "auditor")
    document = figures(node, token=auditor)
    assert document["totals"]["calls"] == 5
    assert "2079460999" not in json.dumps(document)


@pytest.mark.parametrize("query", ["?minutes=0", "?minutes=1441", "?minutes=x", "?minutes=-1"])
def test_what_no_window_is_is_refused(node, query):
    for path in ("/admin/v1/figures", "/admin/v1/figures/stream"):
        answer = node.administer("GET", path + query)
        assert (answer.status, answer.json["errors"][0]["parameter"]) == (400, "minutes")


def test_a_trunk_that_is_not_there_has_no_calls(node):
    assert figures(node, "?trunk=%00nobody")["totals"]["calls"] == 0


def test_the_stream_sends_the_same_document(node):
    with closing(http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)) as connection:
        connection.request(
            "GET", "/admin/v1/figures/stream?minutes=5", headers={"Authorization": f"Bearer {node.token}"}
        )
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.headers["Cache-Control"] == "no-store"
        lines = [answer.readline() for _ in range(6)]
        assert lines[0] == b"retry: 2000\n"
        events = [json.loads(line.removeprefix(b"data: ")) for line in lines if line.startswith(b"data: ")]
        assert len(events) == 3
        assert all(event.keys() == figures(node).keys() for event in events)


def test_nobody_without_a_credential_is_let_in(node):
    for path in ("/admin/v1/figures", "/admin/v1/figures/stream"):
        assert node.administer("GET", path, token="cmk_nothing").status == 401
