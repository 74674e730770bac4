"""The admin API over its two doors, on a whole node."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import time
from contextlib import closing

import aiohttp
import pytest

from gateway.control.api.asking import row_id
from gateway.control_socket import control_socket
from tests.gateway_node import GatewayNode, HttpAnswer, eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("api"), workers=1) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


@pytest.fixture(scope="module")
def tokens(node):
    """One of each kind, by scope."""
    made = {"operator": node.token}
    for name, scope in (("auditor", "auditor"), ("call", "call:verify"), ("owner", "owner")):
        made[name] = node.make_token(f"test-{name}", scope)
    return made


def ask(node: GatewayNode, method: str, path: str, body: bytes | None = None, **headers: str) -> HttpAnswer:
    connection = http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)
    with closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return HttpAnswer(answer.status, answer.headers, answer.read())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def over_socket(node: GatewayNode, method: str, path: str, document: object = None) -> tuple[int, object]:
    async def exchange():
        with control_socket(node.directory / "data") as where:
            connector = aiohttp.UnixConnector(path=where)
            async with (
                aiohttp.ClientSession("http://control", connector=connector) as session,
                session.request(method, path, json=document) as response,
            ):
                return response.status, json.loads(await response.read())

    return asyncio.run(exchange())


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("operator", 200, 404),
        ("auditor", 200, 403),
        ("call", 403, 403),
        ("owner", 403, 403),
        (None, 401, 401),
        ("wrong", 401, 401),
    ],
)
def test_who_may_read_and_who_may_write(node, tokens, who, reads, writes):
    sent = {} if who is None else bearer(tokens.get(who, "cmk_" + "A" * 43))
    for path in ("/admin/v1/tokens", "/admin/v1/generation", "/metrics", "/admin/v1/audit/verification"):
        assert ask(node, "GET", path, **sent).status == reads
    assert ask(node, "DELETE", "/admin/v1/decisions/999999", **sent).status == writes
    for path in ("/livez", "/readyz"):
        assert ask(node, "GET", path, **sent).status == 200


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Basic eDp5", "Bearer ", "Bearer \xff", "bearer x y", "Bearer " + "x" * 5000]
)
def test_what_is_no_token_is_no_credential(node, sent):
    answer = ask(node, "GET", "/admin/v1/tokens", Authorization=sent)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="callmark"'


def test_a_revoked_token_is_refused_at_once(node):
    secret = node.make_token("short-lived", "auditor")
    assert ask(node, "GET", "/admin/v1/tokens", **bearer(secret)).status == 200
    assert node.administer("DELETE", "/admin/v1/tokens/short-lived").status == 200
    eventually(lambda: ask(node, "GET", "/admin/v1/tokens", **bearer(secret)).status == 401)


def test_every_answer_names_no_version_and_is_for_no_cache(node):
    for method, path in (("GET", "/livez"), ("GET", "/admin/v1/tokens"), ("PUT", "/livez"), ("GET", "/none")):
        answer = node.administer(method, path)
        assert (answer.headers["Server"], answer.headers["Cache-Control"]) == ("callmark", "no-store")
        assert answer.headers["X-RequestID"]
    assert node.ask("GET", "/livez").headers["Server"] == "callmark"
    assert b"Server: callmark\r\n" in node.send_raw(b"no HTTP\r\n\r\n")
    with socket.create_connection(("127.0.0.1", node.control_port), timeout=60) as connection:
        connection.sendall(b"no HTTP\r\n\r\n")
        assert b"Server: callmark\r\n" in connection.recv(65_536)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/admin/v1/nothing", 404, "not-found"),
        ("GET", "/nowhere", 404, "not-found"),
        ("PUT", "/admin/v1/tokens", 405, "method-not-allowed"),
        ("GET", "/admin/v1/reload", 405, "method-not-allowed"),
        ("DELETE", "/admin/v1/tokens/" + "9" * 5000, 404, "not-found"),
        ("DELETE", "/admin/v1/tokens/%D9%A1", 404, "not-found"),
        ("DELETE", "/admin/v1/tokens/2147483648", 404, "not-found"),
        ("GET", "/admin/v1/decisions?after=x", 400, "invalid-request"),
        ("GET", "/v1/numbers?after=2147483648", 400, "invalid-request"),
        ("GET", "/v1/numbers/2147483648", 404, "not-found"),
        ("GET", "/admin/v1/imports/0123456789abcdef", 404, "not-found"),
        ("GET", "/admin/v1/reputation/call%20me", 400, "invalid-request"),
    ],
)
def test_an_address_that_cannot_be_used_is_a_problem_with_its_code(node, method, path, status, code):
    answer = node.administer(method, path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["type"].endswith(f":{code}")
    assert answer.json["status"] == status
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("7", 7),
        ("2147483647", 2**31 - 1),
        ("2147483648", None),
        ("9" * 5000, None),
        ("", None),
        ("\u0661", None),
    ],
)
def test_no_id_of_a_row_is_beyond_what_the_record_can_look_for(written, read):
    assert row_id(written) == read


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b'{"name": "a", "name": "b"}', ""),
        (b"[]", ""),
        (b'{"name": "a"}', "/scopes"),
        (b'{"name": "a", "scopes": ["root"]}', "/scopes/0"),
        (b'{"name": "a", "scopes": ["owner"], "trunk": "international-l"}', "/trunk"),
        (b'{"name": "a", "scopes": ["owner"], "expires": "tomorrow"}', "/expires"),
    ],
)
def test_a_body_that_cannot_be_used_is_pointed_into(node, body, pointer):
    answer = ask(node, "POST", "/admin/v1/tokens", body, **bearer(node.token))
    assert answer.status == 400, answer.body
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_trunk_that_is_not_there_is_told_with_those_that_are(node):
    answer = node.administer(
        "POST", "/admin/v1/tokens", {"name": "a", "scopes": ["owner"], "trunk": "international-l"}
    )
    assert "they are " in answer.json["detail"]
    assert "did you mean 'international-1'?" in answer.json["detail"]


def test_a_body_beyond_the_limit_is_413_and_half_a_body_hurts_nobody(node):
    answer = ask(node, "POST", "/admin/v1/decisions", b" " * 2_000_000, **bearer(node.token))
    assert (answer.status, answer.json["type"].rpartition(":")[2]) == (413, "too-large")
    with socket.create_connection(("127.0.0.1", node.control_port), timeout=60) as connection:
        connection.sendall(
            b"POST /admin/v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
            b"Authorization: Bearer " + node.token.encode() + b"\r\n\r\n{"
        )
    assert node.administer("GET", "/livez").status == 200


def test_what_is_no_http_is_logged_in_one_line_without_what_was_sent(node):
    with socket.create_connection(("127.0.0.1", node.control_port), timeout=60) as connection:
        connection.sendall(
            b"GET /admin/v1/tokens HTTP/1.1\r\nHost: x\r\nAuthorization Bearer cmk_leaked\r\n\r\n"
        )
        assert connection.recv(12) == b"HTTP/1.0 400"
    eventually(lambda: [each for each in node.events("malformed request") if each["process"] == "control"])
    assert "cmk_leaked" not in node.log


def test_a_body_that_is_not_packed_as_it_says_is_the_clients_mistake_and_one_line(node):
    packed = {"Content-Encoding": "gzip"}
    answer = ask(node, "POST", "/admin/v1/decisions", b"no gzip", **bearer(node.token), **packed)
    assert answer.status == 400
    assert not node.events("connection failed")


def test_a_token_made_twice_is_a_conflict(node):
    node.make_token("only-one", "owner")
    answer = node.administer("POST", "/admin/v1/tokens", {"name": "only-one", "scopes": ["owner"]})
    assert (answer.status, answer.json["type"].rpartition(":")[2]) == (409, "conflict")


def test_the_socket_is_its_owners_and_names_who_came(node):
    assert (node.directory / "data" / "control.sock").stat().st_mode & 0o777 == 0o600
    assert (node.directory / "data").stat().st_mode & 0o777 == 0o700
    status, made = over_socket(node, "POST", "/admin/v1/tokens", {"name": "by-hand", "scopes": ["owner"]})
    assert status == 201
    assert made["created_by"].startswith("cli:")


def test_readiness_tells_what_is_missing_and_503_only_when_no_call_is_answered(node):
    valkey = node.events("child.started")[0]
    assert valkey["child"] == "valkey"
    os.kill(valkey["pid"], signal.SIGSTOP)
    try:
        eventually(lambda: "Redis" in str(node.administer("GET", "/readyz").json["reasons"]))
        degraded = node.administer("GET", "/readyz")
        assert (degraded.status, degraded.json["status"]) == (200, "degraded")
    finally:
        os.kill(valkey["pid"], signal.SIGCONT)
    eventually(lambda: node.administer("GET", "/readyz").json["status"] == "ready")
    [worker] = node.worker_pids().values()
    os.kill(worker, signal.SIGKILL)
    answers = []

    def is_unavailable() -> bool:
        answers.append(node.administer("GET", "/readyz"))
        return answers[-1].status == 503

    eventually(is_unavailable)
    assert answers[-1].json["reasons"][0] == "no worker is ready"
    assert ask(node, "GET", "/livez").status == 200
    eventually(lambda: node.administer("GET", "/readyz").json["status"] == "ready")


def finished(node: GatewayNode, path: str) -> dict[str, object]:
    job: dict[str, object] = {}

    def is_over() -> bool:
        status, answer = over_socket(node, "GET", path)
        assert status == 200
        job.update(answer)
        return job["state"] not in {"waiting", "running"}

    eventually(is_over)
    return job


def test_an_import_runs_beside_calls_and_its_numbers_count_at_its_end(node, tmp_path):
    path = tmp_path / "today.csv"
    path.write_text("Company_Phone_Number\n" + "2025550123\n" * 5 + "911\n")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    asked = {"path": str(path), "format": "ftc-dnc", "day": day}
    status, begun = over_socket(node, "POST", "/admin/v1/imports", asked)
    assert status == 202
    job = finished(node, f"/admin/v1/imports/{begun['id']}")
    assert (job["state"], job["result"]["taken"], job["result"]["refused"]) == ("done", 5, 1)
    assert job["result"]["problems"][0]["line"] == 7
    assert job["result"]["redis"] == "1 number is up to date in Redis."
    call = {
        "id": "1",
        "from": {"tn": "+12025550123"},
        "to": {"tn": ["+441614960000"]},
        "time": int(time.time()),
    }
    eventually(
        lambda: node.post("/v1/verdicts", {"call": call}).json["verdict"]["reputation"]["score"] == 0.625
    )
    shown = node.administer("GET", "/admin/v1/reputation/+12025550123").json
    assert (shown["score"], shown["policy"]["effect"]) == (0.625, "label")


def test_an_import_that_cannot_begin_or_go_on_says_why(node, tmp_path):
    status, _ = over_socket(node, "POST", "/admin/v1/imports", {"path": "x.csv", "format": "csv"})
    assert status == 400
    status, refused = over_socket(node, "POST", "/admin/v1/imports", {"path": "/x", "format": "xml"})
    assert (status, refused["errors"][0]["pointer"]) == (400, "/format")
    _, begun = over_socket(
        node, "POST", "/admin/v1/imports", {"path": str(tmp_path / "none"), "format": "csv"}
    )
    job = finished(node, f"/admin/v1/imports/{begun['id']}")
    assert (job["state"], "cannot be read" in job["problem"]) == ("failed", True)


def test_no_token_makes_the_node_read_a_file(node):
    answer = node.administer("POST", "/admin/v1/imports", {"path": "/etc/passwd", "format": "csv"})
    assert answer.status == 403


def test_facts_and_cache_are_made_anew_while_the_node_runs(node):
    for path in ("/admin/v1/facts/rebuilds", "/admin/v1/cache/rebuilds"):
        begun = node.administer("POST", path)
        assert begun.status == 202
        assert finished(node, begun.headers["Location"])["state"] == "done"
    assert node.administer("GET", "/readyz").json["status"] == "ready"


def test_an_emptied_record_export_is_a_header_and_what_is_known(node):
    answer = node.administer("GET", "/admin/v1/sightings")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.body.splitlines()[0].startswith(b"tn,")


def test_what_counted_since_a_day_is_asked_for_by_a_day(node):
    assert node.administer("GET", "/admin/v1/sightings?since=9999-12-31").body.count(b"\n") == 1
    now = node.administer("GET", "/admin/v1/sightings").body
    assert set(now.splitlines()) <= set(
        node.administer("GET", "/admin/v1/sightings?since=2020-03-05").body.splitlines()
    )
    for wrong in ("", "2020-13-01", "yesterday", "2020-03-05T00:00"):
        answer = node.administer("GET", f"/admin/v1/sightings?since={wrong}")
        assert (answer.status, "since" in answer.json["detail"]) == (400, True)
