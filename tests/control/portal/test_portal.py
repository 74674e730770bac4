"""The portal on a whole node: who may see it, what it takes, and that nothing typed into it is a 5xx."""

from __future__ import annotations

import time

import pytest

from gateway.control import portal
from tests.control.people.browser_session import BrowserSession
from tests.gateway_node import eventually, running_node

PASSWORD = "correct horse battery"
HOSTILE = [
    "",
    "x",
    "\u202e",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "9" * 400,
    "é" * 3_000,
    "\n\t",
    "-1",
    "1e9",
]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    closed = {"CALLMARK_REGISTRY__OPEN_SIGN_UP": "false"}
    with running_node(tmp_path_factory.mktemp("portal"), environment=closed) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready", 20.0)
        yield running


def owner(node, name="Example Bank"):
    made = node.administer("POST", "/v1/owners", {"name": name, "contact": "it@example.org"}).json["id"]
    document = {"email": f"p{time.monotonic_ns()}@example.org", "role": "owner", "owner": made}
    person = node.administer("POST", "/admin/v1/people", document).json
    browser = BrowserSession(node)
    browser.sign_in(person["email"], person["password"])
    return browser


@pytest.fixture(scope="module")
def alice(node):
    return owner(node)


def claim(browser, numbers, **answers):
    said = {"at": "check", "numbers": numbers, "use": "calling", "trunks": "access-1"} | answers
    sent = browser.post("/portal/numbers/new", said)
    assert sent.status == 303, sent.body
    return int(sent.headers["Location"].split("/")[3].split("?")[0])


def test_nobody_signs_up_where_that_is_not_open(node):
    browser = BrowserSession(node)
    assert b"/portal/register" not in browser.get("/sign-in").body
    fields = {"step": "password", "name": "x", "email": "x@example.org", "password": PASSWORD}
    for answer in (browser.get("/portal/register"), browser.post("/portal/register", fields)):
        assert answer.status == 403
        assert b"Ask your network" in answer.body


def test_every_page_is_for_owners_alone(node, alice):
    staff = {"email": f"o{time.monotonic_ns()}@example.org", "role": "operator"}
    made = node.administer("POST", "/admin/v1/people", staff).json
    operator = BrowserSession(node)
    operator.sign_in(made["email"], made["password"])
    for each in portal.PAGES:
        if each.path == "/portal/register":
            continue
        path = each.path.replace("{number:[0-9]{1,9}}", "1").replace("{proof:[0-9]{1,9}}", "1")
        for browser, status in ((operator, 403), (BrowserSession(node), 303)):
            answer = browser.get(path) if each.method == "GET" else browser.post(path)
            assert answer.status == status, path


def test_what_is_somebody_elses_is_as_what_is_not_there(node, alice):
    number = claim(alice, "020 7946 1500")
    begun = alice.post(f"/portal/numbers/{number}/prove", {"kind": "code"})
    proof = int(begun.headers["Location"].rpartition("/")[2])
    bob = owner(node, "Bob")
    fields = {"kind": "code", "code": "123456", "numbers": str(number), "statement": "mine"}
    for each in portal.PAGES:
        if "{" not in each.path and each.path != "/portal/letters/new":
            continue
        answers = []
        for number_id, proof_id in ((number, proof), (999_999_999, 999_999_999)):
            path = each.path.replace("{number:[0-9]{1,9}}", str(number_id))
            path = path.replace("{proof:[0-9]{1,9}}", str(proof_id))
            sent = fields | {"numbers": str(number_id)}
            answer = bob.get(path) if each.method == "GET" else bob.post(path, sent)
            answers.append(answer.status)
        assert answers[0] == answers[1], each.path
        assert answers[0] in (400, 404), each.path
    assert "+442079461500" in alice.get(f"/portal/numbers/{number}").body.decode()


@pytest.mark.parametrize("path", ["/portal/numbers/new", "/portal/search", "/portal/letters/new"])
@pytest.mark.parametrize("value", HOSTILE)
def test_whatever_is_typed_is_answered_in_words_and_shown_as_text(alice, path, value):
    names = (
        "at",
        "to",
        "numbers",
        "use",
        "trunks",
        "providers",
        "brand_name",
        "search",
        "statement",
        "checked",
    )
    for name in names:
        answer = alice.post(path, {"at": "numbers", "numbers": "020 7946 1600", name: value})
        assert answer.status in (200, 400, 303), (name, answer.body)
        assert b"<script>alert" not in answer.body


def test_a_refused_answer_costs_none_of_the_others(alice):
    said = {
        "at": "brand",
        "numbers": "020 7946 1700",
        "use": "calling",
        "trunks": "access-1",
        "providers": "1234",
        "brand_name": "Example “Bank” <b>",
        "brand_logo_url": "http://example.org/logo.png",
    }
    answer = alice.post("/portal/numbers/new", said)
    assert answer.status == 400
    text = answer.body.decode()
    assert "There is a problem" in text
    assert 'value="1234"' in text
    assert "Example “Bank” &lt;b&gt;" in text
    assert 'value="020 7946 1700"' in text


def test_a_number_that_never_calls_is_asked_nothing_of_its_ways(alice):
    said = {"at": "use", "numbers": "+44 20 7946 1800", "use": "never_calls_out", "trunks": "access-1"}
    checked = alice.post("/portal/numbers/new", said).body.decode()
    assert "Check what you say" in checked
    assert "+442079461800" in checked
    number = claim(alice, "+44 20 7946 1800", use="never_calls_out")
    assert "never calls anybody" in alice.get(f"/portal/numbers/{number}").body.decode()


def test_one_letter_may_be_for_many(node, alice):
    numbers = [claim(alice, f"020 7946 {each}") for each in (1901, 1902, 1903)]
    chosen = [("numbers", str(each)) for each in numbers]
    asked = alice.post("/portal/letters/new", chosen).body.decode()
    assert "3 registrations" in asked
    sent = alice.post("/portal/letters/new", [*chosen, ("statement", "The board; our notary has it.")])
    assert sent.headers["Location"] == "/portal?done=letter"
    waiting = node.administer("GET", "/v1/proofs").json["proofs"]
    (letter,) = [each for each in waiting if "our notary has it" in str(each)]
    said = {"approve": True, "reason": "called the notary"}
    assert node.administer("POST", f"/v1/proofs/{letter['id']}/check", said).status == 200
    for each in numbers:
        assert "In force" in alice.get(f"/portal/numbers/{each}").body.decode()
        assert ">Verified<" in alice.get(f"/portal/numbers/{each}").body.decode()


def test_too_many_codes_are_refused_in_words(alice):
    number = claim(alice, "020 7946 1950")
    answers = [alice.post(f"/portal/numbers/{number}/prove", {"kind": "code"}) for _ in range(4)]
    assert [each.status for each in answers] == [303, 303, 303, 429]
    assert b"Too often" in answers[-1].body
