"""The history of generations on a whole node: who changed what, and back in one step."""

from __future__ import annotations

import getpass
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.gateway_node import GatewayNode, eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("generations"), workers=2) as running:
        yield running


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


def newest(node: GatewayNode) -> dict:
    return node.administer("GET", "/admin/v1/generations?limit=1").json["generations"][0]


def set_dno(node: GatewayNode, effect: str) -> None:
    path = node.directory / "config" / "policy.toml"
    path.write_text(re.sub(r'^dno = "\w+"', f'dno = "{effect}"', path.read_text(), flags=re.MULTILINE))


def test_what_changed_who_did_it_and_back_in_one_step(node):
    assert [newest(node)[key] for key in ("number", "cause", "actor")] == [1, "start", "callmark"]
    set_dno(node, "label")
    taken = json.loads(callmark(node, "reload", "--json"))
    assert taken["differences"] == [
        {"file": "policy.toml", "key": "verdict.dno", "words": '"block" -> "label"'}
    ]
    assert [worker["state"] for worker in taken["workers"]] == ["confirmed", "confirmed"]
    second = newest(node)
    assert (second["number"], second["cause"], second["actor"]) == (2, "reload", f"cli:{getpass.getuser()}")
    assert (second["in_force"], second["can_roll_back"]) == (True, False)
    assert second["effect"] == {"calls": 0, "changed": 0, "newly_blocked": 0}
    listed = callmark(node, "generations", "list")
    assert 'policy.toml: verdict.dno "block" -> "label"' in listed
    assert 'verdict.dno "block" -> "label"' in callmark(node, "generations", "show", "2")

    shown = callmark(node, "generations", "roll-back", "1", "--reason", "blocks nothing any more")
    assert "Rolled back to the policy of generation 1: generation 3" in shown
    third = newest(node)
    assert (third["number"], third["cause"], third["why"]) == (3, "roll-back", "blocks nothing any more")
    assert (third["in_force"], third["policy"]) == (
        True,
        node.administer("GET", "/admin/v1/generations/1").json["policy"],
    )
    reasons = node.administer("GET", "/readyz").json["reasons"]
    assert any("the policy was rolled back" in each for each in reasons)
    assert "The policy was rolled back" in callmark(node, "reload")
    assert node.administer("GET", "/admin/v1/generation").json["policy_rolled_back"] is True
    assert b"callmark_policy_rolled_back 1.0" in node.administer("GET", "/metrics").body
    again = node.administer("POST", "/admin/v1/generations/1/roll-back")
    assert (again.status, "in force" in again.json["title"]) == (409, True)

    set_dno(node, "none")
    assert node.administer("POST", "/admin/v1/reload").json["generation"] == 4
    eventually(lambda: node.administer("GET", "/readyz").json["reasons"] == [])
    assert b"callmark_policy_rolled_back 0.0" in node.administer("GET", "/metrics").body
    assert "Intact" in callmark(node, "audit", "verify")


def test_the_history_outlives_the_control_process(node):
    before = node.administer("GET", "/admin/v1/generations").json
    [*_, control] = [event["pid"] for event in node.events("child.started") if event["child"] == "control"]
    os.kill(control, signal.SIGKILL)
    eventually(lambda: node.events("child.started")[-1]["child"] == "control")

    def is_back() -> bool:
        try:
            return node.administer("GET", "/admin/v1/generations").json == before
        except OSError:
            return False

    eventually(is_back)


def test_what_cannot_be_gone_back_to_is_said(node):
    missing = node.administer("POST", "/admin/v1/generations/999/roll-back", {"reason": "x"})
    assert (missing.status, missing.json["title"]) == (404, "there is no generation 999")
    assert "there is no generation 999" in callmark(node, "generations", "roll-back", "999", ends_with=1)
    assert node.administer("GET", "/admin/v1/generations/999").status == 404
    assert node.administer("POST", "/admin/v1/generations/1/roll-back", {"why": "x"}).status == 400
    assert node.administer("POST", "/admin/v1/generations/1/roll-back", {"reason": "x" * 501}).status == 400
    for policy in (node.directory / "data" / "generations" / "policies").iterdir():
        policy.unlink()
    gone = node.administer("POST", "/admin/v1/generations/2/roll-back")
    assert (gone.status, "no longer kept" in gone.json["title"]) == (410, True)
    auditor = node.make_token("auditor", "auditor")
    assert node.administer("GET", "/admin/v1/generations", token=auditor).status == 200
    assert node.administer("POST", "/admin/v1/generations/1/roll-back", token=auditor).status == 403
