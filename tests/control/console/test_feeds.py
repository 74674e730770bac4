from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.gateway_node import PROJECT


def callmark(node, *arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=node.directory,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_nothing_of_a_paused_feed_is_taken_in_until_it_runs_again(node, operator):
    (node.directory / "complaints.csv").write_text("tn,day\n+447700900123,2026-11-20\n")
    arguments = ("reputation", "import", "complaints.csv", "--format", "csv", "--feed", "hotline")
    fields = {"feed": "hotline", "reason": "it names its own callers"}
    assert "Is this right?" in operator.post("/feeds/pause", fields).body.decode()
    assert node.administer("GET", "/admin/v1/paused-feeds").json == {"paused_feeds": []}
    assert operator.post("/feeds/pause", fields | {"step": "do"}).status == 303
    assert "it names its own callers" in operator.get("/trust").body.decode()
    assert operator.post("/feeds/pause", fields | {"step": "do"}).status == 400
    refused = callmark(node, *arguments)
    assert refused.returncode == 1
    assert "paused by person:" in refused.stderr
    assert "hotline" in callmark(node, "feed", "list").stdout

    assert "Let hotline run again?" in operator.get("/feeds/hotline/resume").body.decode()
    assert operator.post("/feeds/hotline/resume").status == 303
    assert operator.post("/feeds/hotline/resume").status == 404
    taken = callmark(node, *arguments)
    assert (taken.returncode, "1 taken" in taken.stdout) == (0, True), taken.stderr
    audit = operator.get("/audit?kind=feed").body.decode()
    assert audit.index("feed.resume") < audit.index("feed.pause")


def test_the_command_line_pauses_by_the_same_door(node):
    assert callmark(node, "feed", "pause", "other", "--reason", "late").returncode == 0
    (paused,) = node.administer("GET", "/admin/v1/paused-feeds").json["paused_feeds"]
    assert (paused["feed"], paused["reason"]) == ("other", "late")
    assert callmark(node, "feed", "resume", "other").returncode == 0
    assert callmark(node, "feed", "resume", "other").returncode == 1


@pytest.mark.parametrize(
    "document", [{}, {"feed": "x"}, {"feed": "no name", "reason": "x"}, {"feed": "x", "reason": ""}, [], 5]
)
def test_what_cannot_be_paused_is_refused(node, document):
    assert node.administer("POST", "/admin/v1/paused-feeds", document).status == 400


def test_an_auditor_pauses_nothing(auditor):
    assert auditor.post("/feeds/pause", {"feed": "x", "reason": "x", "step": "do"}).status == 403
    assert auditor.post("/feeds/x/resume").status == 403
