"""A provider's scorecard on a whole node: kept from calls and complaints, shown, weighed by the next call."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("scorecards"), workers=1) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


def ask_signed(node: GatewayNode, shown: str, called: str) -> Any:
    now = int(time.time())
    signing = {"attest": "A", "orig": {"tn": shown}, "dest": {"tn": [called]}, "iat": now,
               "origid": "de305d54-75b4-431b-adb2-eb6b9e546014"}  # fmt: skip
    identity = node.post("/stir/v1/signing", {"signingRequest": signing}).json["signingResponse"]["identity"]
    call = {"id": f"s-{time.monotonic_ns()}", "from": {"tn": shown}, "to": {"tn": [called]}, "time": now,
            "identity": [identity], "trunk": "domestic-1"}  # fmt: skip
    return node.post("/v1/verdicts", {"call": call}).json["verdict"]


def complain(node: GatewayNode, token: str, *pairs: tuple[str, str]) -> Any:
    lines = "\n".join(json.dumps({"from": a, "to": b, "time": int(time.time())}) for a, b in pairs)
    request = urllib.request.Request(
        f"{node.control_url}/v1/reports",
        lines.encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_calls_and_complaints_make_a_scorecard_and_a_bad_ones_a_shields_nobody(node):
    pairs = [(f"+4420794602{number:02d}", f"+4411349602{number:02d}") for number in range(12)]
    for shown, called in pairs:
        verdict = ask_signed(node, shown, called)
        assert verdict["attest"] == "A"
        assert "traffic.provider" not in [each["code"] for each in verdict["reasons"]]
    eventually(lambda: [each["calls"] for each in cards(node)] == [12])
    (card,) = cards(node)
    assert (card["attested_a"], card["complaints"], card["weight"]) == (12, 0, 1.0)
    assert -2 < card["skew_seconds"] < 60
    token = node.make_token("desk", "report:write")
    assert complain(node, token, *pairs) == {"accepted": 12, "matched": 12, "new": 12}
    assert complain(node, token, *pairs)["new"] == 0
    (card,) = cards(node)
    assert card["complaints"] == 12
    assert card["weight"] < 0.1
    # The facts follow within seconds.
    wanted = "traffic.provider"
    eventually(lambda: wanted in [each["code"] for each in ask_signed(node, *pairs[0])["reasons"]])
    verdict = ask_signed(node, *pairs[0])
    assert (verdict["verstat"], verdict["attest"]) == ("TN-Validation-Passed", "A")


def cards(node: GatewayNode) -> list[dict[str, Any]]:
    return node.administer("GET", "/admin/v1/providers").json["providers"]


@pytest.mark.parametrize("query", ["days=x", "days=1000", "days=-1"])
def test_days_that_are_none_are_refused(node, query):
    assert node.administer("GET", f"/admin/v1/providers?{query}").status == 400
