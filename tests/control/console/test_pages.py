from __future__ import annotations

import http.client
import json
import re
from contextlib import closing

import pytest

from gateway.control.console.identity import decode
from gateway.control.console.pages import PAGES
from tests.control.people.browser_session import BrowserSession

SEEN = sorted({page.path for page in PAGES if page.method == "GET" and "{" not in page.path} - {"/live"})


@pytest.mark.parametrize("path", SEEN)
def test_every_page_is_whole_without_its_script(operator, path):
    answer = operator.get(path)
    assert answer.status == 200
    page = answer.body.decode()
    assert page.count("<h1>") == 1
    assert "<script>" not in page
    assert " style=" not in page


@pytest.mark.parametrize("path", SEEN)
def test_a_stranger_is_asked_to_sign_in(node, path):
    answer = BrowserSession(node).get(path)
    assert answer.status == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", [*SEEN, "/calls/forged", "/calls/signed", "/calls/export/csv"])
def test_an_auditor_sees_no_number(auditor, path):
    answer = auditor.get(path)
    if path == "/number":
        assert answer.status == 403
        return
    assert answer.status == 200
    assert not re.search(r"2079460999|33142345|1614960000", answer.body.decode())


@pytest.mark.parametrize(
    "query",
    [
        "?minutes=0",
        "?minutes=x",
        "?trunk=%00",
        "?before=x",
        "?days=-1",
        "?kind=%27",
        "?after=9e9",
        "?id=%3C",
        "?tn=",
    ],
)
@pytest.mark.parametrize("path", SEEN)
def test_nothing_in_an_address_breaks_a_page(operator, path, query):
    assert operator.get(path + query).status in {200, 400}


def test_the_live_parts_are_sent_whole(operator, node):
    with closing(http.client.HTTPConnection("127.0.0.1", node.control_port, timeout=60)) as connection:
        cookies = "; ".join(f"{name}={value}" for name, value in operator.cookies.items())
        connection.request(
            "GET", "/live?minutes=5", headers={"Cookie": cookies, "Accept": "text/event-stream"}
        )
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        lines = [answer.readline() for _ in range(5)]
    parts = json.loads(lines[1].removeprefix(b"data: "))
    assert 'data-part="charts"' in parts
    assert "<h1>" not in parts


def test_settings_say_where_each_comes_from(operator):
    page = operator.get("/node").body.decode()
    assert "CALLMARK_LISTEN__CALLS" in page
    assert re.search(r"gateway\.toml:\d+", page)
    assert "default" not in operator.get("/node?source=changed").body.decode().split("<tbody>")[-1]


def test_a_broken_configuration_is_told_on_every_page(operator, node):
    policy = node.directory / "config" / "policy.toml"
    before = policy.read_text()
    policy.write_text("nonsense")
    try:
        assert node.administer("POST", "/admin/v1/reload").status == 409
        for path in SEEN:
            assert "the last good one is in force" in operator.get(path).body.decode(), path
        assert "policy.toml" in operator.get("/node").body.decode()
    finally:
        policy.write_text(before)
        assert node.administer("POST", "/admin/v1/reload").status == 200


@pytest.mark.parametrize(
    "value", ["", ".", "a.b.c", "e30.e30.e30;info=<x>;;=", "\ud800", "." * 5000, "WzFd.WzFd."]
)
def test_whatever_stands_in_a_header_is_taken_apart(value):
    assert decode(value).value == value
