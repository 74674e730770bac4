"""Every address that can be read, asked for by every role: an auditor is told no whole number anywhere."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import time
from contextlib import closing

import pytest

from gateway.control.api.doors import ROOMS
from tests.control.people.browser_session import BrowserSession
from tests.gateway_node import HttpAnswer, eventually, running_node

OWNED, DECIDED, REPORTED, CALLED = "442079462701", "442079462702", "442079462703", "441614960001"
NUMBERS = (OWNED, DECIDED, REPORTED, CALLED)
PATHS = sorted({route.path for room in ROOMS for route in room.ROUTES if route.method == "GET"})
OPEN = {"/livez", "/readyz"}
OF_OWNERS = ("/v1/owners", "/v1/numbers", "/v1/proofs", "/v1/disputes", "/openapi.json")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("roles"), workers=1) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


@pytest.fixture(scope="module")
def ids(node):
    """Something of each kind, with a number in it; by the name that its address has."""

    def made(path, document):
        answer = node.administer("POST", path, document)
        assert answer.status in (200, 201, 202), answer.body
        return answer.json

    owner = made("/v1/owners", {"name": "Example Bank", "contact": "it@example.org"})["id"]
    number = made("/v1/numbers", {"numbers": f"+{OWNED}", "use": "never_calls_out", "owner": owner})["id"]
    proof = made("/v1/proofs", {"kind": "letter", "numbers": [number], "statement": f"Of +{OWNED}."})["id"]
    decision = {"tn": f"+{DECIDED}", "action": "block", "reason": f"+{DECIDED} was forged"}
    made("/admin/v1/decisions", decision)
    dispute = made("/v1/disputes", {"tn": f"+{REPORTED}", "statement": f"+{REPORTED} is a hospital"})["id"]
    day = time.strftime("%Y-%m-%d", time.gmtime())
    (node.directory / "said.csv").write_text(f"tn,day,reporter\n+{REPORTED},{day},a\n+{DECIDED},{day},a\n")
    subprocess.run(
        [sys.executable, "-m", "gateway", "reputation", "import", "said.csv", "--format", "csv",
         "--feed", "hotline"],
        cwd=node.directory, check=True, capture_output=True,
    )  # fmt: skip
    now = int(time.time())
    call = {"id": "seen", "from": {"tn": f"+{REPORTED}"}, "to": {"tn": [f"+{CALLED}"]}, "time": now}
    assert node.post("/v1/verdicts", {"call": call | {"trunk": "international-1"}}).status == 200
    eventually(lambda: node.administer("GET", "/admin/v1/calls").json["kept"] == 1)
    job = made("/admin/v1/traces", {"number": f"+{REPORTED}"})["id"]
    eventually(lambda: "running" not in node.administer("GET", f"/admin/v1/traces/{job}").json["state"])
    return {"owner": owner, "number": number, "proof": proof, "dispute": dispute, "call_id": "seen",
            "job": job, "tn": f"%2B{REPORTED}"}  # fmt: skip


def read(node, path, headers) -> HttpAnswer:
    """The answer; of one that never ends the first event."""
    connection = http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)
    with closing(connection):
        connection.request("GET", path, None, {"Accept": "application/json"} | headers)
        answer = connection.getresponse()
        if answer.headers.get_content_type() != "text/event-stream":
            return HttpAnswer(answer.status, answer.headers, answer.read())
        begin = b""
        while not begin.endswith(b"\n\n"):
            begin += answer.readline()
        return HttpAnswer(answer.status, answer.headers, begin)


def address(path, ids):
    known = {**ids, "number": 1} if "generations" in path else ids
    return re.sub(r"\{(\w+)[^/]*\}(?:\})?", lambda found: str(known[found[1]]), path)


def session(node, role):
    email = f"{role}-{time.monotonic_ns()}@example.org"
    password = node.administer("POST", "/admin/v1/people", {"email": email, "role": role}).json["password"]
    browser = BrowserSession(node)
    browser.sign_in(email, password)
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"Cookie": cookies, "Sec-Fetch-Site": "same-origin"}


def told(answers):
    return {
        (path, each) for path, answer in answers.items() for each in NUMBERS if each in answer.body.decode()
    }


def test_every_address_by_every_role(node, ids):
    def ask_all(headers):
        return {path: read(node, address(path, ids), headers) for path in PATHS}

    by_token = {
        role: ask_all({"Authorization": f"Bearer {node.make_token('roles-' + role.replace(':', '-'), role)}"})
        for role in ("operator", "auditor", "report:write")
    }
    owner = node.administer("POST", f"/v1/owners/{ids['owner']}/tokens").json["token"]
    by_token["owner"] = ask_all({"Authorization": f"Bearer {owner}"})
    by_cookie = {role: ask_all(session(node, role)) for role in ("operator", "auditor")}
    for answers in (by_token["operator"], by_cookie["operator"]):
        assert {number for _, number in told(answers)} == set(NUMBERS), "else this test shows nothing"
        assert not [path for path, each in answers.items() if each.status in (401, 403, 500)]
    for answers in (by_token["auditor"], by_cookie["auditor"]):
        assert told(answers) == set()
        refused = {path for path, each in answers.items() if each.status == 403}
        assert "/admin/v1/sightings" in refused
        assert {path for path in PATHS if path.startswith(OF_OWNERS[:-1])} <= refused
        assert answers["/admin/v1/decisions"].json["decisions"][0]["reason"] == "…"
    assert {number for _, number in told(by_token["owner"])} == {OWNED}
    for path in PATHS:
        assert path in OPEN or path.startswith(OF_OWNERS) or by_token["owner"][path].status == 403, path
        assert (by_token["report:write"][path].status == 403) == (path not in OPEN), path
        assert (read(node, address(path, ids), {}).status == 401) == (path not in OPEN), path


def test_an_auditor_does_not_ask_whether_a_number_called(node, ids):
    auditor = node.make_token("roles-asking", "auditor")
    for tn in (REPORTED, OWNED):
        refused = node.administer("GET", f"/admin/v1/calls?tn=%2B{tn}", token=auditor)
        assert (refused.status, "operators" in refused.json["detail"]) == (403, True)
    assert node.administer("GET", f"/admin/v1/calls?tn=%2B{REPORTED}").json["calls"]
