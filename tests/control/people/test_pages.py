"""Signing in on a whole node, its cookies and its headers, and what a signed-in browser may ask the APIs."""

from __future__ import annotations

import json
import time

import pyotp
import pytest

from gateway.control.pages.assets import ASSETS
from tests.control.people.browser_session import BrowserSession
from tests.gateway_node import eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("people")) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


def person(node, role, *, owner=None):
    email = f"{role}-{time.monotonic_ns()}@example.org"
    document = {"email": email, "role": role} | ({} if owner is None else {"owner": owner})
    made = node.administer("POST", "/admin/v1/people", document)
    assert made.status == 201, made.body
    return email, made.json["password"]


def signed_in(node, role, *, owner=None):
    browser = BrowserSession(node)
    browser.sign_in(*person(node, role, owner=owner))
    return browser


@pytest.fixture(scope="module")
def operator(node):
    return signed_in(node, "operator")


def make_owner(node, name):
    made = node.administer("POST", "/v1/owners", {"name": name, "contact": "it@example.org"})
    return made.json["id"]


def test_the_sign_in_that_a_first_start_keeps_and_prints_opens_the_console(node):
    kept = node.directory / "data" / "sign-in"
    assert kept.stat().st_mode & 0o777 == 0o600
    email, password = kept.read_text().split()
    assert password in (node.directory / "node.out").read_text()
    browser = BrowserSession(node)
    asked = browser.get("/")
    assert (asked.status, asked.headers["Location"]) == (303, "/sign-in?next=/")
    answer = browser.post("/sign-in", {"email": email.upper(), "password": password, "next": "/account"})
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    assert email in browser.get("/account").body.decode()


def test_cookies_are_of_this_host_alone_and_out_of_reach_of_scripts(node):
    browser = BrowserSession(node)
    answer = browser.sign_in(*person(node, "operator"))
    for line in answer.headers.get_all("Set-Cookie"):
        assert line.startswith("__Host-callmark")
        for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
            assert attribute in line
        assert "Domain" not in line
    assert browser.post("/sign-out").status == 303
    assert browser.cookies["__Host-callmark"] == ""


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/livez", "/assets/0123456789abcdef/style.css"])
def test_every_answer_tells_browsers_to_run_and_frame_nothing_else(node, path):
    headers = BrowserSession(node).get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_pages_hold_nothing_that_their_policy_would_not_let_run(operator):
    for path in ("/account", "/sign-in", "/nowhere"):
        text = operator.get(path).body.decode()
        assert "<script>" not in text
        assert " style=" not in text
        assert " onclick" not in text


def test_styles_are_kept_by_browsers_under_the_hash_of_what_they_are(node):
    for asset in ASSETS.values():
        answer = BrowserSession(node).get(asset.address)
        assert (answer.status, answer.body) == (200, asset.content)
        assert answer.headers["Content-Type"] == f"{asset.type}; charset=utf-8"
        assert "immutable" in answer.headers["Cache-Control"]


def test_an_error_is_a_page_for_people_and_a_document_for_programs(node):
    shown = BrowserSession(node).get("/nowhere")
    assert shown.status == 404
    assert shown.headers["Content-Type"].startswith("text/html")
    assert "<h1>There is nothing at this address.</h1>" in shown.body.decode()
    told = BrowserSession(node).get("/nowhere", Accept="*/*")
    assert told.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"=%",
        b"email=%FF%FE",
        b"\xff",
        b"email=a%00b&password=x",
        b"&".join([b"x=1"] * 500),
        b"password=" + b"x" * 9_000,
    ],
)
def test_what_is_no_form_of_ours_is_refused_in_words(node, body):
    browser = BrowserSession(node)
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    answer = browser.ask("POST", "/sign-in", body, sent)
    assert answer.status == 400, answer.body
    assert answer.headers["Content-Type"].startswith("text/html")
    assert browser.ask("POST", "/sign-in", body, sent | {"Content-Type": "text/plain"}).status == 415


def test_a_form_beyond_the_limit_is_refused_in_words(node):
    answer = BrowserSession(node).post("/sign-in", {"email": "x" * 1_100_000})
    assert answer.status == 413
    assert "too large" in answer.body.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.org", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://example.org", "Sec-Fetch-Site": None},
        {"Origin": "null", "Sec-Fetch-Site": None},
        {"Origin": None, "Sec-Fetch-Site": None},
        {"Origin": None, "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": None},
        {"Origin": "http://[", "Sec-Fetch-Site": None},
    ],
)
def test_a_page_of_another_site_changes_nothing(node, operator, headers):
    email, password = person(node, "operator")
    assert (
        BrowserSession(node).post("/sign-in", {"email": email, "password": password}, **headers).status == 403
    )
    assert operator.post("/account/everywhere", **headers).status == 403
    token = json.dumps({"name": "forged", "scopes": ["operator"]}).encode()
    sent = {"Content-Type": "text/plain"} | headers
    assert operator.ask("POST", "/admin/v1/tokens", token, sent).status == 403
    assert "forged" not in node.administer("GET", "/admin/v1/tokens").body.decode()


@pytest.mark.parametrize(
    "following",
    [
        "//example.org",
        "https://example.org/",
        "/\\example.org",
        "\\\\example.org",
        "javascript:1",
        "/\n/x",
        "/é",
    ],
)
def test_after_signing_in_one_is_brought_to_no_other_site(node, following):
    email, password = person(node, "operator")
    answer = BrowserSession(node).post("/sign-in", {"email": email, "password": password, "next": following})
    assert answer.headers["Location"] == "/"


def test_a_role_opens_by_browser_what_its_scope_opens_by_token(node):
    owner = make_owner(node, "Example Bank")
    browsers = {
        "operator": signed_in(node, "operator"),
        "auditor": signed_in(node, "auditor"),
        "owner": signed_in(node, "owner", owner=owner),
        "nobody": BrowserSession(node),
    }
    expected = {
        ("GET", "/admin/v1/tokens"): (200, 200, 403, 401),
        ("DELETE", "/admin/v1/decisions/999999"): (404, 403, 403, 401),
        ("GET", "/v1/numbers"): (200, 403, 200, 401),
        ("GET", f"/v1/owners/{owner}"): (200, 403, 200, 401),
        ("GET", f"/v1/owners/{owner + 1}"): (404, 403, 404, 401),
        ("GET", "/metrics"): (200, 200, 403, 401),
    }
    for (method, path), statuses in expected.items():
        sent = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        got = tuple(browser.ask(method, path, None, sent).status for browser in browsers.values())
        assert got == statuses, path


def test_a_person_who_is_not_signed_in_is_asked_to_where_a_program_is_refused(node):
    browser = BrowserSession(node)
    asked = browser.get("/admin/v1/tokens")
    assert (asked.status, asked.headers["Location"]) == (303, "/sign-in?next=/admin/v1/tokens")
    assert browser.get("/admin/v1/nowhere").status == 404


def test_somebody_signed_in_for_one_owner_sees_nothing_of_another(node):
    mine, theirs = make_owner(node, "Mine"), make_owner(node, "Theirs")
    browser = signed_in(node, "owner", owner=mine)
    sent = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    assert browser.ask("GET", f"/v1/owners/{mine}", None, sent).status == 200
    for method in ("GET", "DELETE"):
        assert browser.ask(method, f"/v1/owners/{theirs}", None, sent).status == 404
    assert node.administer("GET", f"/v1/owners/{theirs}").status == 200


def test_a_wrong_token_is_not_made_good_by_a_cookie(operator):
    sent = {"Authorization": "Bearer cmk_" + "A" * 43, "Accept": "application/json"}
    assert operator.ask("GET", "/admin/v1/tokens", None, sent).status == 401


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "\xff" * 43, "A" * 4_000])
def test_what_is_no_session_is_nobody(node, cookie):
    browser = BrowserSession(node, {"__Host-callmark": cookie, "__Host-callmark-device": cookie})
    assert browser.get("/account").status == 303


def test_who_is_removed_or_reset_is_out_with_the_next_click(node):
    for change in ("DELETE", "POST"):
        email, password = person(node, "auditor")
        browser = BrowserSession(node)
        browser.sign_in(email, password)
        assert browser.get("/account").status == 200
        path = f"/admin/v1/people/{email}" + ("/reset" if change == "POST" else "")
        assert node.administer(change, path).status == 200
        assert browser.get("/account").status == 303
        assert browser.get("/admin/v1/tokens", Accept="*/*").status == 401


def test_half_a_sign_in_opens_nothing(node):
    email, password = person(node, "operator")
    browser = BrowserSession(node)
    browser.sign_in(email, password)
    shown = browser.post("/account/totp", {"step": "begin", "totp_current": password}).body.decode()
    secret = shown.split('class="secret">')[1].split("<")[0].replace(" ", "")
    assert "<svg" in shown
    done = browser.post("/account/totp/code", {"code": pyotp.TOTP(secret).now()})
    assert done.headers["Location"] == "/account?done=totp"
    assert secret[:4] not in browser.get("/account").body.decode()
    half = BrowserSession(node)
    asked = half.post("/sign-in", {"email": email, "password": password, "next": "/account"})
    assert asked.headers["Location"] == "/sign-in/code?next=/account"
    assert "one-time-code" in half.get("/sign-in/code").body.decode()
    assert half.get("/account").status == 303
    assert half.get("/admin/v1/tokens", Accept="*/*").status == 401


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"email": "x", "role": "operator"}, "/email"),
        ({"email": "x@example.org", "role": "root"}, "/role"),
        ({"email": "x@example.org", "role": "owner"}, "/owner"),
        ({"email": "x@example.org", "role": "operator", "owner": 1}, "/owner"),
        ({"email": "x@example.org", "role": "owner", "owner": 99_999_999}, "/owner"),
        ({"email": "x@example.org", "role": "owner", "owner": 2**40}, "/owner"),
        ({"email": "x@example.org", "role": "operator", "password": "mine"}, "/password"),
    ],
)
def test_somebody_who_cannot_be_is_refused_at_the_field(node, document, pointer):
    answer = node.administer("POST", "/admin/v1/people", document)
    assert answer.status == 400, answer.body
    assert answer.json["errors"][0]["pointer"] == pointer


def test_nobody_is_there_by_that_name(node):
    for name in ("99999999", "nobody@example.org", "9" * 30, "%00", "%D9%A1"):
        assert node.administer("DELETE", f"/admin/v1/people/{name}").status == 404
