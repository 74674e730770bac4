"""A candidate policy on a whole node: it judges live calls, answers none, and is counted."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.control.reloading.test_generations import callmark
from tests.control.reloading.test_probation import BANK, call
from tests.gateway_node import GatewayNode, eventually, running_node

CALLS = 30


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("candidate"), workers=1) as running:
        yield running


def candidate(node: GatewayNode) -> dict:
    return node.administer("GET", "/admin/v1/candidate").json


def test_a_candidate_judges_live_calls_and_answers_none(node):
    next_policy = node.directory / "next"
    next_policy.mkdir()
    dno = (node.directory / "config" / "dno.csv").read_text()
    (next_policy / "dno.csv").write_text(dno.rstrip("\n") + f"\n{BANK},Bank,a mistake,,\n")
    started = callmark(node, "candidate", "start", "next")
    assert "dno.csv 1 entry more" in started
    assert set(call(node, BANK, CALLS)) == {"allow"}
    eventually(lambda: candidate(node)["calls"] == CALLS)
    found = candidate(node)
    assert (found["changed"], found["newly_blocked"], found["newly_blocked_percent"]) == (CALLS, CALLS, 100.0)
    assert found["changes"][0]["after"] == {"action": "block", "reason": "dno.exact"}
    metrics = node.administer("GET", "/metrics").body.decode()
    assert f'callmark_candidate_calls_total{{result="newly_blocked"}} {float(CALLS)}' in metrics
    assert node.administer("GET", "/admin/v1/generation").json["generation"] == 1

    [*_, control] = [event["pid"] for event in node.events("child.started") if event["child"] == "control"]
    os.kill(control, signal.SIGKILL)

    def has_gone_on() -> bool:
        try:
            return candidate(node).get("calls") == CALLS + 1
        except OSError:
            return False

    call(node, BANK, 1)
    eventually(has_gone_on)
    shown = callmark(node, "candidate", "stop")
    assert f"!{CALLS + 1:>7}  allow (none) -> block (dno.exact)" in shown
    assert node.administer("GET", "/admin/v1/candidate").status == 404
    assert node.administer("GET", "/admin/v1/audit/verification").json["intact"]


def test_a_candidate_can_be_sent_and_what_is_wrong_with_it_is_said(node):
    path = "/admin/v1/candidate"
    wrong = node.administer("POST", path, {"files": {"policy.toml": "[verdict]\ndno = 'blok'\n"}})
    assert wrong.status == 409
    assert (wrong.json["problems"][0]["file"], wrong.json["problems"][0]["line"]) == ("policy.toml", 2)
    for document in (
        {},
        {"files": {"gateway.toml": ""}},
        {"files": {}, "directory": "/etc"},
        {"directory": str(node.directory / "next")},
    ):
        assert node.administer("POST", path, document).status == 400, document
    sent = node.administer("POST", path, {"files": {"policy.toml": '[verdict]\ndno = "none"\n'}})
    assert sent.status == 201
    assert {"file": "policy.toml", "key": "verdict.dno", "words": '"block" -> "none"'} in sent.json[
        "differences"
    ]
    auditor = node.make_token("auditor", "auditor")
    shown = node.administer("GET", path, token=auditor)
    assert (shown.status, BANK[1:] in json.dumps(shown.json)) == (200, False)
    assert node.administer("DELETE", path, token=auditor).status == 403
    assert node.administer("DELETE", path).status == 200
    assert node.administer("DELETE", path).status == 404


def test_many_starts_and_stops_at_once_leave_one_or_none_with_whoever_had_it_run(node):
    path = "/admin/v1/candidate"
    tokens = [node.make_token(f"starter-{each}", "operator") for each in range(4)]
    policies = [f'[verdict]\ndno = "{each}"\n' for each in ("none", "label", "allow", "none")]

    def change(each: int):
        document = {"files": {"policy.toml": policies[each % 4]}}
        return node.administer("DELETE" if each % 5 == 4 else "POST", path, document, token=tokens[each % 4])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(change, range(20)))
    assert {each.status for each in answers} <= {200, 201, 404, 409}
    for each in answers:
        if each.status == 201:
            by = int(each.json["actor"].removeprefix("token:starter-"))
            words = [said["words"] for said in each.json["differences"] if said["key"] == "verdict.dno"]
            assert [policies[by].split(" = ")[1].strip() in said for said in words] == [True]
    node.administer("POST", path, {"files": {"policy.toml": policies[0]}}, token=tokens[0])
    kept = [each.name for each in (node.directory / "data" / "generations").glob("candidate*")]
    assert kept == ["candidate"]
    assert node.administer("DELETE", path).status == 200
    assert not list((node.directory / "data" / "generations").glob("candidate*"))


def test_no_candidate_and_no_policy_are_said(node):
    assert "no candidate runs" in callmark(node, "candidate", "show", ends_with=1)
    (node.directory / "empty").mkdir()
    assert "holds no file of a policy" in callmark(node, "candidate", "start", "empty", ends_with=1)
