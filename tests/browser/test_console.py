"""The operators' console, walked through as an operator would."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import complaints
from tests.browser.test_sign_in import sign_in
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import signing_request

FORGED = "+442079460999"
"""HMRC's in the example lists: it never calls out."""
LONG = "a" * 128


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("console")) as running:
        for number in range(24):
            ask(running, f"ordinary-{number}", f"+33142345{number:03d}", "domestic-1")
        for number in range(6):
            ask(running, f"forged-{number}", FORGED, "international-1")
        ask_signed(running)
        eventually(lambda: calls_counted(running) == 32)
        yield running


def ask(node: GatewayNode, call_id: str, number: str, trunk: str) -> dict:
    call = {"id": call_id, "from": {"tn": number}, "to": {"tn": ["+441614960000"]}}
    answer = node.post("/v1/verdicts", {"call": call | {"time": int(time.time()), "trunk": trunk}})
    assert answer.status == 200, answer.body
    return answer.json["verdict"]


def ask_signed(node: GatewayNode) -> None:
    """A call that was signed here, by the longest of names that switches give."""
    body = signing_request()
    identity = node.post("/stir/v1/signing", body).json["signingResponse"]["identity"]
    parties = {"from": body["signingRequest"]["orig"], "to": body["signingRequest"]["dest"]}
    call = {"id": LONG, **parties, "time": int(time.time()), "trunk": "domestic-1", "identity": [identity]}
    verdict = node.post("/v1/verdicts", {"call": call}).json["verdict"]
    assert verdict["verstat"] == "TN-Validation-Passed"


@pytest.fixture
def console(node, page):
    """A page of the operator's, signed in, at the overview."""
    email, password = (node.directory / "data" / "sign-in").read_text().split()
    page.goto(f"{node.control_url}/")
    sign_in(page, email, password)
    page.get_by_role("heading", name="Overview").wait_for()
    return page


def open_as_auditor(node, page):
    email = f"auditor-{time.time_ns()}@example.org"
    made = node.administer("POST", "/admin/v1/people", {"email": email, "role": "auditor"}).json
    page.goto(f"{node.control_url}/")
    sign_in(page, made["email"], made["password"])
    page.get_by_role("heading", name="Overview").wait_for()


def test_why_was_this_call_blocked_and_let_its_number_through(node, console, keep):
    """The task a new operator is given: nine clicks, and every one of them leads on by its words."""
    console.get_by_role("link", name="of verdicts blocked").click()
    keep("console-calls")
    console.locator("table.calls tbody tr").filter(has_text=FORGED).first.get_by_role("link").first.click()
    assert "never calls out" in console.locator("section.verdict").inner_text()
    keep("console-call")
    console.get_by_role("link", name="Let this number's calls through").click()
    console.get_by_label("Reason").fill("its owner has begun to call out")
    console.get_by_label("a week").check()
    keep("console-decide")
    console.get_by_role("button", name="Go on").click()
    assert "6 showed such a number" in console.locator("main").inner_text()
    keep("console-confirm")
    console.get_by_role("button", name="Decide").click()
    assert "Decided" in console.get_by_role("status").inner_text()
    keep("console-decisions")
    eventually(lambda: ask(node, "after", FORGED, "international-1")["action"] == "allow")

    console.get_by_role("link", name="Undo").click()
    console.get_by_role("button", name="Take it back").click()
    assert "Taken back" in console.get_by_role("status").inner_text()
    eventually(lambda: ask(node, "undone", FORGED, "international-1")["action"] == "block")
    console.get_by_role("link", name="Audit").click()
    expect(console.locator("tbody tr").first).to_contain_text("operator@example.org (person:1)")
    rows = console.locator("tbody tr").all_inner_texts()
    assert [next(part for part in row.split("\t") if part.startswith("decision.")) for row in rows[:2]] == [
        "decision.remove",
        "decision.add",
    ]
    keep("console-audit")


def test_the_overview_brings_itself_up_to_date_and_asks_for_nothing_while_it_is_hidden(node, console, keep):
    console.get_by_text("live", exact=True).wait_for()
    keep("console-overview")
    tile = console.locator(".tile", has_text="calls").nth(1).locator("b")
    is_later = "before => Number(document.querySelectorAll('.tile b')[1].innerText) > before"
    before = int(tile.inner_text())
    ask(node, "one more", "+33142345999", "domestic-1")
    console.wait_for_function(is_later, arg=before)

    with console.expect_event("requestfailed", lambda request: "/live?" in request.url):
        hide(console, hidden=True)
    console.wait_for_function("() => window.turned === 'hidden'")
    again = int(tile.inner_text())
    ask(node, "and another", "+33142345998", "domestic-1")
    eventually(lambda: calls_counted(node) > again)
    assert int(tile.inner_text()) == again
    hide(console, hidden=False)
    console.wait_for_function(is_later, arg=again)


def hide(page, *, hidden: bool) -> None:
    """As if another tab were looked at: a browser without a screen has none."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
            setTimeout(() => { window.turned = hidden ? 'hidden' : 'shown'; }, 100);
        }""",
        hidden,
    )


def calls_counted(node: GatewayNode) -> int:
    return node.administer("GET", "/admin/v1/figures").json["totals"]["calls"]


def waiting(node):
    """A letter that waits, and a number that two have proven."""
    for numbers in ("+442079462900-2999", "+442079462950", "+442079462960"):
        said = {"name": f"Owner of {numbers}", "contact": "it@example.org"}
        owner = node.administer("POST", "/v1/owners", said).json["id"]
        said = {"numbers": numbers, "use": "calling", "trunks": ["access-1"], "owner": owner}
        number = node.administer("POST", "/v1/numbers", said).json["id"]
        said = {
            "kind": "letter",
            "numbers": [number],
            "statement": "The board of 3 March; our notary has it.",
        }
        letter = node.administer("POST", "/v1/proofs", said).json["id"]
        if numbers != "+442079462960":
            disputed = number
            said = {"approve": True, "reason": "called the notary"}
            assert node.administer("POST", f"/v1/proofs/{letter}/check", said).status == 200
    return (
        ("owners", "/owners"),
        ("letter", f"/owners/letters/{letter}"),
        ("dispute", f"/owners/disputes/{disputed}"),
    )


def test_every_page_of_the_console_is_readable_dark_light_and_on_a_telephone(node, console, keep):
    for name, path in (
        ("overview", "/?minutes=5"),
        ("calls", "/calls?problems=true"),
        ("call", "/calls/forged-0"),
        ("call-signed", f"/calls/{LONG}"),
        ("number", "/number?tn=%2B442079460999"),
        *waiting(node),
        ("trust", "/trust"),
        ("providers", "/providers"),
        ("node", "/node"),
    ):
        for size, scheme, wide in (((390, 844), "dark", "phone-dark"), ((1280, 900), "light", "light")):
            console.emulate_media(color_scheme=scheme)
            console.set_viewport_size({"width": size[0], "height": size[1]})
            console.goto(node.control_url + path)
            overflow = console.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{name} is {overflow} px wider than a screen of {size[0]}"
            below = console.evaluate(
                "[...document.querySelectorAll('figure')].map(each => each.scrollHeight - each.clientHeight)"
            )
            assert not [each for each in below if each > 0], f"a chart of {name} lies over what follows it"
            if path.startswith("/owners"):
                assert complaints(console) == []
                console.emulate_media(color_scheme=scheme)
            keep(f"console-{name}-{wide}")


def test_a_policy_is_taken_and_put_back(node, console, keep):
    policy = node.directory / "config" / "policy.toml"
    before = policy.read_text()
    policy.write_text(before.replace('\ndno = "block"', '\ndno = "label"'))
    console.get_by_role("link", name="Node").click()
    console.get_by_role("link", name="What a reload would do").click()
    assert "would be answered otherwise" in console.locator("main").inner_text()
    keep("console-reload")
    console.get_by_role("button", name="Reload").click()
    assert console.get_by_role("heading", level=1).inner_text() == "Taken"
    console.get_by_role("link", name="All generations").click()
    expect(console.locator("nav [aria-current=page]")).to_have_text(["Node"])
    assert re.search(
        r"\b\d+ of \d+ changed, \d+ newly blocked", console.locator("tbody tr").first.inner_text()
    )
    assert "operator@example.org (person:1)" in console.locator("tbody tr").first.inner_text()
    keep("console-generations")
    console.get_by_role("link", name="Put this policy back").last.click()
    console.get_by_label("Reason").fill("forged calls got through")
    console.get_by_role("button", name="Put it back").click()
    assert console.get_by_role("heading", level=1).inner_text() == "Taken"
    newest = node.administer("GET", "/admin/v1/generations").json["generations"][0]
    assert (newest["cause"], newest["why"]) == ("roll-back", "forged calls got through")
    policy.write_text(before)


def test_a_brand_is_protected(console, keep):
    console.get_by_role("link", name="Decisions").click()
    console.get_by_role("link", name="Protect a brand or a number").click()
    console.get_by_label("Whose numbers they are").fill("Example Bank")
    console.get_by_label("Numbers and ranges").fill("020 7946 0500\n+442079460510-0519")
    console.get_by_role("button", name="Go on").click()
    assert 'name = "Example Bank"' in console.locator("pre").inner_text()
    keep("console-protect")
    console.get_by_role("button", name="Protect them").click()
    expect(console.get_by_text("protected: Example Bank")).to_have_count(2)


def test_a_number_is_released(console, node, keep):
    console.goto(f"{node.control_url}/number?tn=%2B447700900123")
    console.get_by_role("link", name="Release it").click()
    console.get_by_label("Reason").fill("its owner has shown that it was forged")
    console.get_by_role("button", name="Go on").click()
    keep("console-release")
    console.get_by_role("button", name="Release it").click()
    assert "Released" in console.get_by_role("status").inner_text()


def test_a_feed_is_paused_and_runs_again(console, node, keep):
    console.get_by_role("link", name="Trust").click()
    console.get_by_role("link", name="Pause a feed").click()
    console.get_by_label("Feed").fill("hotline")
    console.get_by_role("button", name="Go on").click()
    assert "Say why" in console.locator("main").inner_text()
    assert console.get_by_label("Feed").input_value() == "hotline"
    console.get_by_label("Reason").fill("it names its own callers")
    console.get_by_role("button", name="Go on").click()
    keep("console-pause")
    console.get_by_role("button", name="Pause it").click()
    assert "Paused" in console.get_by_role("status").inner_text()
    (paused,) = node.administer("GET", "/admin/v1/paused-feeds").json["paused_feeds"]
    assert (paused["feed"], paused["reason"]) == ("hotline", "it names its own callers")
    console.get_by_role("link", name="Let it run again").click()
    console.get_by_role("button", name="Let it run").click()
    expect(console.get_by_role("link", name="Pause a feed")).to_be_visible()
    assert console.get_by_role("link", name="Let it run again").count() == 0
    assert node.administer("GET", "/admin/v1/paused-feeds").json == {"paused_feeds": []}


def test_filters_live_in_the_address_and_the_export_is_what_is_on_the_screen(node, console):
    console.goto(f"{node.control_url}/calls")
    console.get_by_label("Trunk").select_option("international-1")
    console.get_by_label("Only problems").check()
    console.get_by_role("button", name="Filter").click()
    assert "trunk=international-1" in console.url
    console.get_by_role("columnheader", name="ms").get_by_role("link").click()
    assert "sort=ms" in console.url
    console.wait_for_load_state()
    rows = console.locator("table.calls tbody tr").count()
    with console.expect_download() as begun:
        console.get_by_role("link", name="CSV").click()
    lines = begun.value.path().read_text().splitlines()
    assert len(lines) == rows + 1
    shown = [
        row.split("\t")[0].split(" ")[1] for row in console.locator("table.calls tbody tr").all_inner_texts()
    ]
    assert [row[0][11:23] for row in csv.reader(lines[1:])] == shown


def test_an_auditor_sees_everything_but_numbers_and_can_change_nothing(node, page, keep):
    open_as_auditor(node, page)
    for path in ("/", "/calls", "/calls/forged-0", "/decisions", "/audit", "/node", "/trust"):
        page.goto(node.control_url + path)
        assert "2079460999" not in page.content(), path
        assert page.locator("main form[method=post]").count() == 0, path
    page.goto(f"{node.control_url}/number?tn=%2B442079460999")
    assert "for operators" in page.locator("main").inner_text()
    keep("console-auditor")
