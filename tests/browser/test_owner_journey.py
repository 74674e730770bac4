"""A new owner, from nothing to a verified number: signed A from then on, and stopped where it is forged."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import complaints, is_no_wider_than
from tests.control.registry.test_api import sign, verdict
from tests.gateway_node import eventually

PASSWORD = "correct horse battery"
DESTINATION = "+442079460970"


def register(page, node, organisation, email):
    page.goto(f"{node.control_url}/sign-in")
    page.get_by_role("link", name="Register your organisation").click()
    page.get_by_label("Name of the organisation").fill(organisation)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("E-mail address").fill("no address")
    page.get_by_role("button", name="Go on").click()
    assert "There is a problem" in page.get_by_role("alert").inner_text()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Go on").click()
    # What was said before the problem is still there.
    assert organisation in page.locator("dl").inner_text()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register").click()


def claim(page, numbers, *, keep=None):
    page.get_by_role("link", name="Add numbers").first.click()
    page.get_by_label("A number or a range").fill(numbers)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("They call people").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    if keep:
        keep("claim-problem")
    assert "by which trunks" in page.get_by_role("alert").inner_text()
    page.get_by_label("access-1").check()
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name", exact=True).fill("Example Bank")
    page.get_by_role("button", name="Go on").click()


def code_of(node, page):
    proof = page.url.rstrip("/").rpartition("/")[2]
    return json.loads((node.directory / "data" / "codes" / f"{proof}.json").read_text())["code"]


@pytest.mark.parametrize(("has_scripts", "tn"), [(True, "+442079461234"), (False, "+442079461235")])
def test_from_nothing_to_a_number_signed_a_whose_forgery_is_stopped(node, page, keep, has_scripts, tn):
    kind = "scripts" if has_scripts else "plain"
    assert sign(node, tn).headers["X-Attestation"] == "B"
    register(page, node, "Example Bank", f"{kind}@example.org")
    keep(f"{kind}-1-home")
    national = f"020 {tn[5:9]} {tn[9:]}"
    claim(page, national, keep=keep)
    assert tn in page.locator("dl").inner_text()
    keep(f"{kind}-2-check")
    page.get_by_role("button", name="Change how they are shown").click()
    page.get_by_label("Why you call").fill("your appointment")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Claim the numbers").click()
    assert page.get_by_role("heading", level=1).inner_text() == tn
    keep(f"{kind}-3-claimed")
    page.get_by_role("button", name="Have the number called").click()
    code = code_of(node, page)
    page.get_by_label("Code").fill(f"{(int(code) + 1) % 1_000_000:06d}")
    page.get_by_role("button", name="Give the code").click()
    assert "4 tries are left" in page.get_by_role("alert").inner_text()
    keep(f"{kind}-4-wrong-code")
    page.get_by_label("Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Give the code").click()
    page.get_by_role("button", name="Show me which number to call").click()
    assert DESTINATION in page.locator("main").inner_text()
    keep(f"{kind}-5-call")
    # The owner calls; the switch asks for a verdict on that call as it does on each.
    verdict(node, tn, trunk="access-1", dest=DESTINATION)
    page.get_by_text("Given. It counts until").wait_for()
    page.get_by_role("link", name="See where the number stands").click()
    page.get_by_text("Verified").first.wait_for()
    keep(f"{kind}-6-verified")
    eventually(lambda: sign(node, tn).headers["X-Attestation"] == "A")
    forged = verdict(node, tn)
    assert forged["action"] == "block"
    assert "Example Bank does not call by trunk international-1" in str(forged["reasons"])
    assert verdict(node, tn, trunk="access-1")["action"] == "allow"
    page.get_by_role("link", name="Give this number up").click()
    page.get_by_role("button", name="Give it up").click()
    page.get_by_text("The numbers are given up").wait_for()
    eventually(lambda: sign(node, tn).headers["X-Attestation"] == "B")


def test_every_page_of_the_portal_can_be_used_by_keyboard_and_by_ear(node, page, keep):
    register(page, node, "Example Charity", "charity@example.org")
    assert complaints(page) == []
    for path in ("/portal/numbers/new", "/account", "/nowhere"):
        page.goto(f"{node.control_url}{path}")
        assert complaints(page) == [], path
    page.goto(f"{node.control_url}/portal")
    claim(page, "020 7946 1300-1309")
    assert complaints(page) == []
    page.get_by_role("button", name="Claim the numbers").click()
    assert complaints(page) == []
    page.get_by_role("button", name="Write what the letter says").click()
    page.get_by_role("button", name="Send it to the operators").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert complaints(page) == []
    page.get_by_label("Who authorises what").fill("The board, on 3 March; with our notary.")
    page.get_by_role("button", name="Send it to the operators").click()
    assert "An operator checks your letter" in page.locator(".way").inner_text()
    # The first key brings the link past the navigation, and it leads to the content.
    page.goto(f"{node.control_url}/portal")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.set_viewport_size({"width": 360, "height": 740})
    assert is_no_wider_than(page, 360)
    keep("home-on-a-telephone")
    page.emulate_media(color_scheme="dark")
    keep("home-in-the-dark")
    # Nor is any other page wider than a telephone, whatever long text is on it.
    page.goto(f"{node.control_url}/portal/numbers/bulk")
    assert is_no_wider_than(page, 360)
    page.goto(f"{node.control_url}/portal?state=proving")
    page.get_by_role("link", name="+442079461300").click()
    page.get_by_role("link", name="Change what you say of it").click()
    assert complaints(page) == []
    assert is_no_wider_than(page, 360)
    page.go_back()
    page.get_by_role("button", name="Give me the text to sign").click()
    assert complaints(page) == []
    assert is_no_wider_than(page, 360)
    keep("certificate-on-a-telephone")


def test_an_owner_sees_nothing_of_another_by_any_address(node, page):
    register(page, node, "Example Stranger", "stranger@example.org")
    theirs = node.administer("POST", "/v1/owners", {"name": "Victim", "contact": "it@example.org"}).json["id"]
    document = {"numbers": "+442079461400", "use": "never_calls_out", "owner": theirs}
    number = node.administer("POST", "/v1/numbers", document).json["id"]
    proof = node.administer("POST", "/v1/proofs", {"kind": "code", "numbers": [number]}).json["id"]
    paths = (f"/portal/numbers/{number}", f"/portal/numbers/{number}/withdraw", f"/portal/proofs/{proof}")
    for path in paths:
        foreign = page.goto(f"{node.control_url}{path}")
        assert foreign.status == 404
        shown = page.locator("main").inner_text()
        assert "7946 1400" not in shown
        assert "79461400" not in shown
        assert "Victim" not in shown
    page.goto(f"{node.control_url}/portal")
    page.get_by_label("Find a number or range").fill("+442079461400")
    page.get_by_role("button", name="Find").click()
    assert "You have registered none of these numbers" in page.locator("main").inner_text()
