from __future__ import annotations

import asyncio
import json
import socket
import threading
import time

import pytest
from aiohttp import web
from click.testing import CliRunner

from gateway.cli.decision import decision
from gateway.cli.feed import feed
from gateway.cli.token import token
from gateway.facts import facts_path
from gateway.facts.reader import FactsReader
from gateway.facts.tokens import hash_token
from gateway.record import RecordLock


@pytest.fixture
def run(tmp_path):
    def invoke(group, *arguments):
        return CliRunner().invoke(group, [*arguments, "--data-directory", str(tmp_path / "data")])

    return invoke


@pytest.fixture
def record(run):
    """One there is, as a token was made for the first switch."""
    assert run(token, "create", "--name", "first", "--scope", "call:verify").exit_code == 0


@pytest.fixture
def facts(tmp_path):
    reader = FactsReader(facts_path(tmp_path / "data"))
    yield reader
    reader.close()


def test_a_token_lives_from_its_creation_to_its_revocation(run, facts):
    created = run(token, "create", "--name", "sw-1", "--scope", "call:verify", "--json")
    secret = json.loads(created.stdout)["token"]
    now = int(time.time())
    assert facts.token(hash_token(secret), now=now).name == "sw-1"
    listed = run(token, "list", "--json")
    assert secret not in listed.stdout
    assert hash_token(secret) not in listed.stdout
    assert run(token, "revoke", "sw-1").exit_code == 0
    assert facts.token(hash_token(secret), now=now) is None
    assert "No tokens" in run(token, "list").stdout
    assert "revoked" in run(token, "list", "--revoked").stdout


def test_a_created_token_comes_with_a_line_to_paste(run):
    shown = run(token, "create", "--name", "sw-1", "--scope", "call:sign", "--scope", "operator").stdout
    assert shown.count("-H 'Authorization: Bearer cmk_") == 2
    assert "http://127.0.0.1:8080/stir/v1/signing" in shown


def test_the_lines_go_where_the_configuration_listens(run, monkeypatch):
    monkeypatch.setenv("CALLMARK_LISTEN__CALLS", "127.0.0.1:18080")
    monkeypatch.setenv("CALLMARK_TLS__LISTENERS", "repository,calls")
    shown = run(token, "create", "--name", "sw-1", "--scope", "call:verify").stdout
    assert "https://127.0.0.1:18080/v1/verdicts" in shown


@pytest.mark.usefixtures("record")
def test_a_decision_is_in_force_until_removed(run, facts):
    added = run(
        decision, "add", "+442079460000-0999", "--action", "block", "--reason", "forged", "--expires", "30d"
    )
    assert "block +442079460000 and the 999 after it" in added.stdout
    now = int(time.time())
    assert facts.decisions("442079460500", now=now)[0].action == "block"
    assert facts.decisions("442079460500", now=now + 31 * 86_400) == ()
    assert json.loads(run(decision, "list", "--json").stdout)["decisions"][0]["count"] == 1_000
    assert run(decision, "remove", "1").exit_code == 0
    assert facts.decisions("442079460500", now=now) == ()
    assert "removed" in run(decision, "list", "--past").stdout


@pytest.mark.usefixtures("record")
def test_a_number_with_hyphens_is_a_number(run):
    added = run(decision, "add", "+44-20-7946-0123", "--action", "allow", "--reason", "ours", "--json")
    assert json.loads(added.stdout)["start"] == "+442079460123"


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    ("group", "arguments", "said"),
    [
        (decision, ["add", "x", "--action", "allow", "--reason", "r"], "tn: a number does not contain 'x'"),
        (
            decision,
            ["add", "999", "--action", "allow", "--reason", "r", "--expires", "soon"],
            "expires: must be a span such as 12h",
        ),
        (decision, ["add", "+44/5/5", "--action", "allow", "--reason", "r"], "range: "),
        (decision, ["remove", "9"], "there is no decision 9"),
        (token, ["revoke", "nobody"], "there is no token nobody"),
        (token, ["create", "--name", "a b", "--scope", "owner"], "name: a name has"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_status_1(run, group, arguments, said):
    answer = run(group, *arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert said in answer.stderr


@pytest.mark.parametrize(
    ("group", "arguments"),
    [
        (token, ["list"]),
        (token, ["revoke", "sw-1"]),
        (decision, ["add", "+442079460123", "--action", "block", "--reason", "forged"]),
        (decision, ["remove", "1"]),
        (feed, ["pause", "hotline", "--reason", "it names its own callers"]),
        (feed, ["list"]),
    ],
)
def test_beside_a_node_that_keeps_its_data_elsewhere_nothing_is_done(run, tmp_path, group, arguments):
    answer = run(group, *arguments)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "there is no record in" in answer.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["../decisions/1", "a b", "", "é"])
def test_what_cannot_be_a_name_never_becomes_a_path(run, name):
    assert run(token, "revoke", name).exit_code == 2


def test_a_record_that_is_being_written_says_by_whom(run, tmp_path):
    (tmp_path / "data").mkdir()
    with RecordLock(tmp_path / "data"):
        answer = run(token, "create", "--name", "a", "--scope", "owner")
    assert answer.exit_code == 1
    assert "is being written by process" in answer.stderr


@pytest.fixture
def node(tmp_path):
    """Serves what stands in for the admin API behind control.sock; keeps what it was asked."""
    asked = []

    async def answer(request):
        body = await request.json() if request.can_read_body else None
        asked.append((request.method, request.path_qs, body))
        if request.method == "GET":
            return web.json_response({"tokens": []})
        return web.json_response({"title": "No.", "detail": "/name: taken", "status": 409}, status=409)

    async def serve():
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "data" / "control.sock")).start()
        ready.set()
        await stop.wait()
        await runner.cleanup()

    (tmp_path / "data").mkdir()
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    yield asked
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def test_a_running_node_is_asked_and_the_record_left_alone(run, node, tmp_path):
    assert "No tokens" in run(token, "list", "--revoked").stdout
    refused = run(token, "create", "--name", "sw-1", "--scope", "owner")
    assert (refused.exit_code, refused.stderr) == (1, "Error: name: taken\n")
    assert node == [
        ("GET", "/admin/v1/tokens?revoked=true", None),
        ("POST", "/admin/v1/tokens", {"name": "sw-1", "scopes": ["owner"]}),
    ]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["control.sock"]


def test_a_socket_left_behind_by_a_killed_node_is_no_node(run, tmp_path):
    (tmp_path / "data").mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "data" / "control.sock"))
    assert run(token, "create", "--name", "sw-1", "--scope", "owner").exit_code == 0
