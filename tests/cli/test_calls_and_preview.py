"""An operator's road on a real node: what a change would do, taking it, why a call was blocked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node

CALLS = 120
BANK = "+442079460123"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("preview"), workers=1) as running:
        with closing(running.connect()) as connection:
            for number in range(CALLS):
                body = {
                    "call": {
                        "id": f"call-{number}",
                        "from": {"tn": BANK},
                        "to": {"tn": ["+441614960000"]},
                        "time": int(time.time()),
                    }
                }
                assert running.ask_on(connection, "POST", "/v1/verdicts", body).status == 200
        eventually(lambda: kept(running) == CALLS)
        yield running


def kept(node: GatewayNode) -> int:
    number: int = node.administer("GET", "/admin/v1/calls?limit=1").json["kept"]
    return number


def callmark(node: GatewayNode, *arguments: str, ends_with: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=node.directory,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == ends_with, done
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_a_policy_that_would_block_a_banks_calls_needs_an_explicit_word(node):
    assert "Every verdict stays what it is." in callmark(node, "config", "preview")
    dno = node.directory / "config" / "dno.csv"
    dno.write_text(dno.read_text().rstrip("\n") + f"\n{BANK},1,Bank,a mistake,\n")
    shown = callmark(node, "config", "preview", ends_with=1)
    assert f"!{CALLS:>7}  allow (none) -> block (dno.exact)" in shown
    assert f"{CALLS} calls (100 %) are let through now and would be blocked" in shown
    refused = callmark(node, "reload", ends_with=1)
    assert f"{CALLS} of the last {CALLS} calls that are let through (100.0 %) would be blocked" in refused
    assert "callmark reload --override" in refused
    assert "Taken" in callmark(node, "reload", "--override")
    assert node.administer("GET", "/admin/v1/generation").json["generation"] == 2

    body = {
        "call": {"id": "why", "from": {"tn": BANK}, "to": {"tn": ["+441614960000"]}, "time": int(time.time())}
    }
    assert node.post("/v1/verdicts", body).json["verdict"]["action"] == "block"
    eventually(lambda: kept(node) == CALLS + 1)
    listed = json.loads(callmark(node, "calls", "list", "--action", "block", "--json"))
    assert [call["call_id"] for call in listed["calls"]] == ["why"]
    rows = [line for line in callmark(node, "calls", "list").splitlines() if BANK in line]
    assert [row.split()[-1] for row in rows] == ["why", *(f"call-{CALLS - 1 - place}" for place in range(19))]
    explained = callmark(node, "calls", "show", "why")
    assert "dno.exact decides: block" in explained
    assert "this number never calls out" in explained
    assert "why" in callmark(node, "calls", "list", "--number", BANK)


def test_a_call_nobody_knows_is_said_in_a_sentence(node):
    assert "callmark:" not in callmark(node, "calls", "show", "nobody/knows", ends_with=1)
    answer = node.administer("GET", "/admin/v1/calls?tn=abc")
    assert answer.status == 400
    assert "tn" in answer.json["detail"]


def test_an_auditor_sees_calls_without_their_numbers(node):
    made = node.administer("POST", "/admin/v1/tokens", {"name": "auditor", "scopes": ["auditor"]})
    token = made.json["token"]
    shown = node.administer("GET", "/admin/v1/calls", token=token)
    assert shown.status == 200
    assert BANK[1:] not in shown.body.decode()
    one = node.administer("GET", "/admin/v1/calls/call-1", token=token)
    assert one.status == 200
    assert BANK[1:] not in one.body.decode()
    assert "identities" not in one.json["calls"][0]
    assert node.administer("POST", "/admin/v1/config/preview", token=token).status == 403
