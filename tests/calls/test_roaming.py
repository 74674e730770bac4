"""A home mobile from abroad, by the word of the mobile network: a whole node and a real service."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, running_node

SAID: dict[str, object] = {"+447700900001": True, "+447700900002": False, "+447700900003": None}
SLOW = "+447700900004"
OVER = threading.Event()
"""Set when the tests are over: until then there is no answer about that number."""


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        tn = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["device"]["phoneNumber"]
        if tn == SLOW:
            OVER.wait()
        body = json.dumps({"roaming": SAID.get(tn)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    environment = {
        "CALLMARK_ROAMING__URL": f"http://127.0.0.1:{server.server_port}/retrieve",
        "CALLMARK_ROAMING__TIMEOUT_MS": "2000",
    }
    directory = tmp_path_factory.mktemp("roaming")
    with running_node(directory, environment=environment) as node:
        yield node
    OVER.set()
    server.shutdown()
    server.server_close()
    thread.join()


def asked(node: GatewayNode, tn: str, **call: Any) -> dict[str, Any]:
    body = {
        "call": {
            "id": f"roaming-{tn}",
            "from": {"tn": tn},
            "to": {"tn": ["+441614960000"]},
            "time": int(time.time()),
            "trunk": "international-1",
            **call,
        }
    }
    answer = node.post("/v1/verdicts", body)
    assert answer.status == 200, answer.body
    verdict: dict[str, Any] = answer.json["verdict"]
    return verdict


def test_true_presents(node: GatewayNode) -> None:
    verdict = asked(node, "+447700900001")
    assert (verdict["action"], verdict["display"]["cli"]) == ("allow", "present")
    assert "roaming" not in verdict["degraded"]


def test_false_blocks(node: GatewayNode) -> None:
    verdict = asked(node, "+447700900002")
    assert verdict["action"] == "block"
    assert verdict["reasons"][-1]["code"] == "abroad.not-roaming"


def test_unknown_withholds_the_number(node: GatewayNode) -> None:
    verdict = asked(node, "+447700900003")
    assert (verdict["action"], verdict["display"]["cli"]) == ("allow", "withhold")
    assert "roaming" in verdict["degraded"]


def test_a_service_that_does_not_answer_costs_a_call_the_number(node: GatewayNode) -> None:
    verdict = asked(node, SLOW)
    assert (verdict["action"], verdict["display"]["cli"]) == ("allow", "withhold")


def test_the_switchs_own_word_is_not_asked_about(node: GatewayNode) -> None:
    assert asked(node, "+447700900002", roaming="true")["action"] == "allow"
