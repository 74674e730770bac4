"""A new policy is held against the one before it over the same calls: breaking undoes it, attacks do not."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node

BANK = "+442079460123"
NEVER_CALLS_OUT = "+442079460999"
ENOUGH = 120


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("probation"), workers=2) as running:
        yield running


def call(node: GatewayNode, tn: str, count: int) -> list[str]:
    """The actions that so many calls from this number got."""
    body = {
        "call": {"id": "c", "from": {"tn": tn}, "to": {"tn": ["+441614960000"]}, "time": int(time.time())}
    }
    with closing(node.connect()) as connection:
        answers = [node.ask_on(connection, "POST", "/v1/verdicts", body) for _ in range(count)]
    return [answer.json["verdict"]["action"] for answer in answers]


def status(node: GatewayNode) -> dict:
    return node.administer("GET", "/admin/v1/generation").json


def newest(node: GatewayNode) -> dict:
    return node.administer("GET", "/admin/v1/generations?limit=1").json["generations"][0]


def list_number(node: GatewayNode, tn: str) -> None:
    dno = node.directory / "config" / "dno.csv"
    dno.write_text(dno.read_text().rstrip("\n") + f"\n{tn},Bank,a mistake,,\n")


def reload(node: GatewayNode, query: str = "") -> int:
    answer = node.administer("POST", f"/admin/v1/reload{query}")
    assert answer.status == 200, answer.body
    number: int = answer.json["generation"]
    return number


def is_rolled_back_from(node: GatewayNode, number: int) -> bool:
    try:
        return status(node)["generation"] == number + 1 and newest(node)["cause"] == "probation"
    except OSError:
        return False


def mend(node: GatewayNode, text: str) -> None:
    (node.directory / "config" / "dno.csv").write_text(text)
    reload(node, "?override=true")


def test_an_attack_that_begins_after_a_reload_does_not_undo_it(node):
    list_number(node, NEVER_CALLS_OUT)
    number = reload(node)
    policy = node.directory / "config" / "policy.toml"
    policy.write_text(policy.read_text() + "# another\n")
    number = reload(node)
    assert set(call(node, NEVER_CALLS_OUT, 3 * ENOUGH)) == {"block"}
    eventually(lambda: status(node)["probation"]["calls"] >= 3 * ENOUGH)
    assert status(node)["probation"]["newly_blocked"] == 0
    call(node, BANK, ENOUGH)
    eventually(lambda: status(node)["probation"]["calls"] >= 4 * ENOUGH)
    assert status(node)["generation"] == number


def test_a_policy_that_blocks_what_the_one_before_let_through_is_put_back(node):
    good = (node.directory / "config" / "dno.csv").read_text()
    list_number(node, "+442079460124")
    number = reload(node)
    assert set(call(node, "+442079460124", ENOUGH // 2)) == {"block"}
    [*_, control] = [event["pid"] for event in node.events("child.started") if event["child"] == "control"]
    os.kill(control, signal.SIGKILL)  # in the middle: the calls before it count too
    call(node, "+442079460124", ENOUGH // 2)
    eventually(lambda: is_rolled_back_from(node, number))
    assert set(call(node, "+442079460124", 5)) == {"allow"}
    last = newest(node)
    assert (last["actor"], "dno.exact" in last["why"]) == ("callmark", True)
    reasons = node.administer("GET", "/readyz").json["reasons"]
    assert any("the policy was rolled back" in each for each in reasons)
    assert node.events("the policy blocks too much and is taken back")
    assert b'callmark_policy_roll_backs_total{cause="probation"}' in node.administer("GET", "/metrics").body
    # The files still hold it, and a reload does not bring it back.
    assert reload(node) == number + 1
    assert set(call(node, "+442079460124", 5)) == {"allow"}
    mend(node, good)


def test_what_was_taken_with_an_explicit_word_has_no_probation(node):
    good = (node.directory / "config" / "dno.csv").read_text()
    list_number(node, "+442079460125")
    number = reload(node, "?override=true")
    assert status(node)["probation"] is None
    assert set(call(node, "+442079460125", ENOUGH)) == {"block"}
    eventually(
        lambda: node.administer("GET", "/admin/v1/calls?tn=442079460125&limit=1000").json["calls"][
            ENOUGH - 1 :
        ]
    )
    assert status(node)["generation"] == number
    mend(node, good)
