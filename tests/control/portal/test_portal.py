"""The portal on a whole node: who may see it, what it takes, and that nothing typed into it is a 5xx."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from gateway.control import portal
from tests.control.people.browser_session import BrowserSession
from tests.control.registry.test_api import verdict
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
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


def owner(node, name="Example Bank"):
    made = node.administer("POST", "/v1/owners", {"name": name, "contact": "it@example.org"}).json["id"]
    document = {"email": f"p{time.monotonic_ns()}@example.org", "role": "owner", "owner": made}
    person = node.administer("POST", "/admin/v1/people", document).json
    browser = BrowserSession(node)
    browser.email, browser.password = person["email"], person["password"]
    browser.sign_in(browser.email, browser.password)
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
        nobody = 303 if each.method == "GET" else 403
        for browser, status in ((operator, 403), (BrowserSession(node), nobody)):
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


def test_what_was_typed_when_a_session_had_ended_is_there_after_signing_in_again(node):
    browser = owner(node, "Example Slow")
    said = {"at": "ways", "numbers": "020 7946 1750", "use": "calling", "trunks": "access-1"}
    del browser.cookies["__Host-callmark"]
    asked = browser.post("/portal/numbers/new", said)
    assert asked.status == 403
    assert b"what you typed is kept" in asked.body
    wrong = browser.post(
        "/sign-in", [*browser.hidden(asked), ("email", browser.email), ("password", "wrong")]
    )
    assert wrong.status == 400
    again = browser.post(
        "/sign-in", [*browser.hidden(wrong), ("email", browser.email), ("password", browser.password)]
    )
    assert again.status == 200
    assert b'action="/portal/numbers/new"' in again.body
    shown = browser.post("/portal/numbers/new", browser.hidden(again)).body.decode()
    assert "How are your calls to be shown?" in shown
    assert 'value="020 7946 1750"' in shown


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


HEADING = "numbers,use,trunks,providers,brand,call_reason\n"


def upload(browser, content: bytes, name="file"):
    body = (
        f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="n.csv"\r\n\r\n'.encode()
        + content
        + b"\r\n--edge--\r\n"
    )
    return send(browser, body)


def send(browser, body: bytes, kind="multipart/form-data; boundary=edge"):
    sent = {"Content-Type": kind, "Sec-Fetch-Site": "same-origin", "Content-Length": str(len(body))}
    return browser.ask("POST", "/portal/numbers/bulk", body, sent)


def test_a_file_is_answered_line_by_line_and_its_refused_lines_are_given_back(alice):
    file = HEADING + (
        "020 7946 2000,calling,access-1 customer-1,,Example Bulk,your order\n"
        "+442079462100-2199,never_calls_out,,,,\n"
        "nonsense,calling,access-1,,“quoted”,\n"
        '+442079462001,sometimes,access-1,,"a, b",\n'
        "too,few\n"
    )
    answer = upload(alice, file.encode())
    text = answer.body.decode()
    assert answer.status == 200
    assert "2 taken, 3 refused" in text
    assert '<td class="count">4</td><td>numbers</td>' in text
    assert '<td class="count">6</td><td>the line</td>' in text
    lines = text.split('aria-label="The refused lines">')[1].split("</textarea>")[0]
    back = alice.post("/portal/numbers/bulk/refused", {"lines": lines.replace("&#34;", '"')})
    assert back.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in back.headers["Content-Disposition"]
    assert back.body.decode() == HEADING + (
        'nonsense,calling,access-1,,“quoted”,\n+442079462001,sometimes,access-1,,"a, b",\ntoo,few\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--edge",
        b"--edge\r\n\r\n\r\n--edge--\r\n",
        b"--other\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--other--\r\n",
        b'--edge\r\nContent-Disposition: form-data; name="file"\r\nContent-Encoding: x\r\n\r\nx\r\n--edge--',
        b"--edge\r\nno header\r\n\r\nx\r\n--edge--\r\n",
        b"--edge\r\n\xff: x\r\n\r\nx\r\n--edge--\r\n",
        b"--edge\r\n" + b"x" * 20_000 + b": x\r\n\r\nx\r\n--edge--\r\n",
        b"\xff" * 1_000,
    ],
)
def test_an_upload_that_is_none_is_refused_in_words(alice, body):
    answer = send(alice, body)
    assert answer.status == 400, answer.body
    assert b"<h1>" in answer.body
    assert send(alice, body, "multipart/form-data").status in (400, 415)
    assert send(alice, body, "text/csv").status == 415


def test_a_file_of_any_bytes_or_too_many_is_refused_in_words(alice):
    for content in (b"", b"tn,use\n", b'"', b"\x00\xff" * 500):
        answer = upload(alice, content)
        assert answer.status == 400
        assert b"The first line is" in answer.body or b"Line 1" in answer.body
    huge = upload(alice, HEADING.encode() + b"nonsense,calling,access-1,,,\n" * 600_000)
    assert huge.status == 413
    assert b"At most 16 MiB" in huge.body


def test_the_picture_of_use_tells_forged_calls_from_ones_own(node, alice):
    number = claim(alice, "020 7946 2500")
    alice.post("/portal/letters/new", [("numbers", str(number)), ("statement", "The notary of 2500.")])
    (letter,) = [each for each in node.administer("GET", "/v1/proofs").json["proofs"] if "2500" in str(each)]
    said = {"approve": True, "reason": "called the notary"}
    assert node.administer("POST", f"/v1/proofs/{letter['id']}/check", said).status == 200
    assert b"No call has shown it" in alice.get(f"/portal/numbers/{number}/use").body
    eventually(lambda: verdict(node, "+442079462500")["action"] == "block")
    for _ in range(2):
        verdict(node, "+442079462500", trunk="access-1")
    path = f"/portal/numbers/{number}/use?days=90"
    eventually(lambda: b"2 of your own" in alice.get(path).body)
    text = alice.get(path).body.decode()
    assert '<rect class="stopped"' in text
    assert "<td>forged</td><td>from abroad</td><td>stopped</td>" in text
    assert "<td>yours</td><td>a line of this network</td><td>let through</td>" in text


def test_the_report_card_says_what_is_said_and_not_by_whom_and_a_review_is_asked_for_once(node, alice):
    tn = "+442079462600"
    number = claim(alice, tn)
    card = f"/portal/numbers/{number}/report"
    complaints = node.directory / "complaints.csv"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    rows = "".join(f"{tn},{day},secret-reporter-{each},debt collection\n" for each in range(4))
    complaints.write_text("tn,day,reporter,label\n" + rows)
    subprocess.run(
        [sys.executable, "-m", "gateway", "reputation", "import", "complaints.csv", "--format", "csv",
         "--feed", "hotline"],
        cwd=node.directory, check=True, capture_output=True,
    )  # fmt: skip
    # Anybody can claim any number: what is said of it is for whoever has proven it.
    for answer in (alice.get(card), alice.post(card, {"tn": tn, "statement": "Mine."})):
        assert b"Prove the number first" in answer.body
        assert b"debt collection" not in answer.body
        assert b"Shown as suspect" not in answer.body
    alice.post("/portal/letters/new", [("numbers", str(number)), ("statement", "The notary of 2600.")])
    (letter,) = [each for each in node.administer("GET", "/v1/proofs").json["proofs"] if "2600" in str(each)]
    said = {"approve": True, "reason": "called the notary"}
    assert node.administer("POST", f"/v1/proofs/{letter['id']}/check", said).status == 200
    text = alice.get(card).body.decode()
    assert "Shown as suspect" in text
    assert "debt collection" in text
    assert "secret-reporter" not in text
    asked = alice.post(card, {"tn": "020 7946 2600", "statement": "We remind of appointments."})
    assert asked.status == 303, asked.body
    assert "an operator answers it by" in alice.get(card).body.decode()
    again = alice.post(card, {"tn": tn, "statement": "Again."})
    assert again.status == 400
    assert b"is disputed already" in again.body
    assert alice.post(card, {"tn": "+442079461111", "statement": "Not mine."}).status == 400
    assert alice.post(f"/portal/numbers/{number}/withdraw").status == 303
    given_up = alice.get(card).body.decode()
    assert "Prove the number first" in given_up
    for said in ("debt collection", "answers it by", "Shown as suspect"):
        assert said not in given_up


def test_a_letter_for_two_hundred_numbers_is_taken_as_a_form(alice):
    chosen = [("numbers", str(900_000_000 + each)) for each in range(200)]
    answer = alice.post("/portal/letters/new", [*chosen, ("statement", "The notary has it.")])
    # Read as a form: the page is shown again with what was written.
    assert answer.status == 400
    assert b"The notary has it." in answer.body
