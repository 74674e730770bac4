"""The commands that ask a running node, on one; each as its own process, as an operator runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.gateway_node import PROJECT, GatewayNode, eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("commands"), workers=2) as running:
        yield running


@pytest.fixture
def run(node):
    def callmark(*arguments: str, ends_with: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=node.directory,
            env={
                **os.environ,
                "CALLMARK_LISTEN__CALLS": node.calls_url.removeprefix("http://"),
                "CALLMARK_LISTEN__CONTROL": node.control_url.removeprefix("http://"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == ends_with, done
        assert "Traceback" not in done.stderr
        return done

    return callmark


@pytest.fixture
def policy(node):
    path = node.directory / "config" / "policy.toml"
    good = path.read_bytes()
    yield path
    path.write_bytes(good)
    node.administer("POST", "/admin/v1/reload")


def test_the_lines_shown_with_a_token_are_answered_as_they_stand(run):
    if shutil.which("curl") is None:
        pytest.skip("they are lines for curl")
    shown = run(
        *("token", "create", "--name", "pasted", "--trunk", "international-1"),
        *("--scope", "call:verify", "--scope", "call:sign", "--scope", "operator"),
    ).stdout
    assert "/international/v1/verdicts" in shown
    lines = shown[shown.index("Ask for a verdict:") :]
    commands = re.findall(r"^  curl .*?(?:\n\n|\Z)", lines, re.DOTALL | re.MULTILINE)
    answers = [
        subprocess.run(["sh", "-c", each], capture_output=True, text=True, check=True) for each in commands
    ]
    assert [next(iter(json.loads(each.stdout))) for each in answers] == [
        "verdict",
        "signingResponse",
        "tokens",
    ]


def test_a_token_of_no_trunk_is_shown_with_what_is_missing(run):
    shown = run("token", "create", "--name", "trunkless", "--scope", "call:verify").stdout
    assert '{ token_name = "trunkless" }' in shown


def test_a_reload_tells_phases_workers_and_generation(run, policy):
    policy.write_bytes(policy.read_bytes() + b"# another\n")
    taken = run("reload").stdout
    assert re.search(r"Taken: generation \d+ \([0-9a-f]{12}\) is in force\.", taken)
    assert re.search(r"read [\d.]+ ms, preview [\d.]+ ms, write [\d.]+ ms, workers [\d.]+ ms", taken)
    assert len(re.findall(r"worker \d \(pid \d+\)  confirmed in [\d.]+ ms", taken)) == 2
    assert "Nothing has changed" in run("reload").stdout
    assert json.loads(run("reload", "--json").stdout)["unchanged"]


def test_a_refused_reload_lists_every_problem_and_ends_with_1(run, policy):
    policy.write_text("[verdict]\ndno = 'blok'\nbrand = 'blok'\n")
    refused = run("reload", ends_with=1)
    assert refused.stdout == ""
    assert "config/policy.toml:2: verdict.dno: " in refused.stderr
    assert "config/policy.toml:3: verdict.brand: " in refused.stderr
    assert "The last good one stays: generation" in refused.stderr
    document = json.loads(run("reload", "--json", ends_with=1).stdout)
    assert (document["taken"], document["problems"][0]["line"]) == (False, 2)


def test_the_certificates_are_shown_and_exported_as_they_are_published(run, node, tmp_path):
    shown = run("certificates", "show").stdout
    assert "/certs/shaken.pem" in shown
    assert "provider codes 818H" in shown
    target = tmp_path / "public"
    told = run("certificates", "export", str(target)).stdout
    assert "Content-Type application/pem-certificate-chain" in told
    [file] = (path for path in target.rglob("*") if path.is_file())
    assert file == target / "certs" / "shaken.pem"
    assert file.read_bytes() == (node.directory / "certs" / "dev" / "shaken.pem").read_bytes()
    assert file.stat().st_mode & 0o777 == 0o644


def test_the_audit_the_facts_and_the_cache_are_reached_through_the_node(run):
    verified = json.loads(run("audit", "verify", "--json").stdout)
    assert verified["intact"]
    assert verified["rows"] > 0
    assert json.loads(run("facts", "rebuild", "--json").stdout)["by"] == "the node"
    assert isinstance(json.loads(run("cache", "rebuild", "--json").stdout)["numbers"], int)


def test_an_import_is_seen_by_calls_when_the_command_ends(run, node, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Company_Phone_Number\n" + "2025550177\n" * 27 + "12\n")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    told = run("reputation", "import", str(path), "--format", "ftc-dnc", "--day", today).stdout
    assert "27 taken, 0 merged (known already), 1 refused." in told
    assert "line 29: " in told
    assert "1 number is up to date in Redis." in told
    shown = {"from": {"tn": "+12025550177"}, "to": {"tn": ["+441614960000"]}}
    call = {"id": "1", "time": int(time.time()), "trunk": "international-1", **shown}
    eventually(lambda: node.post("/v1/verdicts", {"call": call}).json["verdict"]["action"] == "block")
    explained = run("reputation", "show", "+1-202-555-0177").stdout
    assert "score 0.90 of 1" in explained
    assert "the policy (label from 0.50, block from 0.90) blocks its calls for this score alone" in explained
    again = run("reputation", "import", str(path), "--format", "ftc-dnc", "--day", today, "--json").stdout
    assert (json.loads(again)["taken"], json.loads(again)["merged"]) == (0, 27)
    exported = run("reputation", "export").stdout.splitlines()
    assert sum(line.startswith("+12025550177,") for line in exported) == 27


@pytest.fixture
def allocations(node):
    path = node.directory / "config" / "allocations.csv"
    path.write_text(
        "start,count,status,holder,source\n+12025540000,10000,allocated,Example Tel,nanpa\n"
        "+447700900000,100000,allocated,Example Mobile,ofcom\n"
    )
    node.administer("POST", "/admin/v1/reload")
    yield
    path.unlink()
    node.administer("POST", "/admin/v1/reload")


@pytest.mark.usefixtures("allocations")
def test_the_range_a_number_was_given_out_in_is_told_beside_its_levels(run, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("tn\n+12025540177\n+447700900177\n+447700955177\n")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    run("reputation", "import", str(path), "--format", "csv", "--day", today)
    assert (
        "  given out by nanpa to Example Tel: +12025540000 to +12025549999, 10,000 numbers, 1 seen; "
        "the same as its exchange\n"
    ) in run("reputation", "show", "+12025540123").stdout
    shown = json.loads(run("reputation", "show", "+447700900123", "--json").stdout)["neighbours"]
    assert (shown["allocated"]["holder"], shown["allocated"]["numbers"]) == ("Example Mobile", 2)
    assert shown["allocated"]["level"] is None
    assert (
        json.loads(run("reputation", "show", "+13125550123", "--json").stdout)["neighbours"]["allocated"]
        is None
    )


def test_what_is_no_number_or_no_feed_is_a_sentence(run, tmp_path):
    assert "call me: " in run("reputation", "show", "call me", ends_with=1).stderr
    path = tmp_path / "wrong.csv"
    path.write_text("a,b\n1,2\n")
    assert (
        "not an FTC file" in run("reputation", "import", str(path), "--format", "ftc-dnc", ends_with=1).stderr
    )


LINES = 60_000


def begin_long_import(node: GatewayNode, path: Path, feed: str) -> subprocess.Popen[str]:
    numbers = (f"+1202555{n % 100 + 100:04d},r{n},2026-11-01\n" for n in range(LINES))
    path.write_text("tn,reporter,day\n" + "".join(numbers))
    return subprocess.Popen(
        [sys.executable, "-m", "gateway", *long_import(path, feed)],
        cwd=node.directory,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def long_import(path: Path, feed: str) -> tuple[str, ...]:
    return "reputation", "import", str(path), "--format", "csv", "--feed", feed, "--json"


def taken(node: GatewayNode, feed: str) -> int:
    with closing(sqlite3.connect(f"file:{node.directory}/data/record.sqlite?mode=ro", uri=True)) as record:
        query = "SELECT coalesce(max(taken), 0) FROM imports WHERE feed = ?"
        count: int = record.execute(query, (feed,)).fetchone()[0]
        return count


def test_ctrl_c_ends_the_import_and_the_next_one_goes_on(run, node, tmp_path):
    path = tmp_path / "long.csv"
    process = begin_long_import(node, path, "stopped")
    eventually(lambda: taken(node, "stopped"))
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert (process.returncode, words.strip()) == (130, "Stopped.")
    assert taken(node, "stopped") < LINES
    result = json.loads(run(*long_import(path, "stopped")).stdout)
    assert 0 < result["taken_before"] < LINES
    assert (result["taken"], result["merged"]) == (LINES, 0)


def test_a_node_that_dies_meanwhile_is_told_and_the_import_goes_on_afterwards(run, node, tmp_path):
    path = tmp_path / "killed.csv"
    process = begin_long_import(node, path, "killed")
    eventually(lambda: taken(node, "killed"))
    ready = len(node.events("control.ready"))
    control = [e["pid"] for e in node.events("child.started") if e["child"] == "control"][-1]
    os.kill(control, signal.SIGKILL)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in words
    eventually(lambda: len(node.events("control.ready")) > ready)
    result = json.loads(run(*long_import(path, "killed")).stdout)
    assert 0 < result["taken_before"] < LINES
    assert (result["taken"], result["merged"]) == (LINES, 0)


def test_without_a_node_it_is_a_sentence_and_the_same_work_where_it_can_be_done(tmp_path):
    shutil.copytree(PROJECT / "config", tmp_path / "config")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = run("reload")
    assert (refused.returncode, "no node is running on data" in refused.stderr) == (1, True)
    assert "there is no record in data" in run("audit", "verify").stderr
    assert "there is no record in data" in run("facts", "rebuild").stderr
    assert run("token", "create", "--name", "one", "--scope", "owner").returncode == 0
    assert run("audit", "verify").stdout.startswith("Intact: 1 rows.")
    (tmp_path / "data" / "facts.sqlite").unlink()
    assert "by this command" in run("facts", "rebuild").stdout
    assert (tmp_path / "data" / "facts.sqlite").exists()
    assert "`callmark serve` starts both" in run("cache", "rebuild").stderr
    assert run("certificates", "export", "public").returncode == 1
    (tmp_path / "certs" / "trust").mkdir(parents=True)
    assert run("pki", "dev").returncode == 0
    assert run("certificates", "export", "public").returncode == 0
    assert (tmp_path / "public" / "certs" / "shaken.pem").exists()
