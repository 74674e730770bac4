from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.control.people.browser_session import BrowserSession
from tests.gateway_node import GatewayNode, eventually, running_node

HOSTILE = '=1+1,"<script>alert(1)</script>'
"""A Call-ID as a caller may choose one."""


def ask(node: GatewayNode, call_id: str, number: str, trunk: str = "international-1", **more) -> dict:
    call = {"id": call_id, "from": {"tn": number}, "to": {"tn": ["+441614960000"]}, "trunk": trunk}
    answer = node.post("/v1/verdicts", {"call": call | {"time": int(time.time())} | more})
    assert answer.status == 200, answer.body
    return answer.json["verdict"]


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("console")) as running:
        ask(running, "forged", "+442079460999")
        ask(running, "signed", "+33142345678", identity=["eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<x>;alg=ES256"])
        ask(running, HOSTILE, "+442079460999")
        for number in range(57):
            ask(running, f"ordinary-{number}", f"+33142345{number:03d}", "domestic-1")
        eventually(lambda: running.administer("GET", "/admin/v1/calls").json["kept"] == 60)
        yield running


@pytest.fixture(scope="module")
def operator(node) -> BrowserSession:
    browser = BrowserSession(node)
    browser.sign_in(*(node.directory / "data" / "sign-in").read_text().split())
    return browser


@pytest.fixture(scope="module")
def auditor(node) -> BrowserSession:
    return person(node, "auditor")


def person(node: GatewayNode, role: str) -> BrowserSession:
    email = f"{role}-{time.time_ns()}@example.org"
    made = node.administer("POST", "/admin/v1/people", {"email": email, "role": role})
    assert made.status == 201, made.body
    browser = BrowserSession(node)
    browser.sign_in(email, made.json["password"])
    return browser
