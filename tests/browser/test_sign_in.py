from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import expect


def sign_in(page, email, password):
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_sign_in_of_a_first_start_works_as_it_is_printed(node, page, keep, host):
    email, password = (node.directory / "data" / "sign-in").read_text().split()
    page.goto(f"http://{host}:{node.control_port}/")
    assert page.title().startswith("Sign in ")
    sign_in(page, email, "not this password")
    assert page.get_by_role("alert").inner_text().startswith("There is a problem")
    keep("sign-in-problem")
    # The link of the summary leads to the field, and what was typed is still there.
    page.get_by_role("alert").get_by_role("link").click()
    assert page.evaluate("document.activeElement.id") == "password"
    assert page.get_by_label("E-mail address").input_value() == email
    sign_in(page, email, password)
    page.get_by_text(email).first.wait_for()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"http://{host}:{node.control_port}/account")
    assert "/sign-in?next=" in page.url


def test_a_second_step_is_set_up_and_asked_for(node, page, keep):
    made = node.administer("POST", "/admin/v1/people", {"email": "two@example.org", "role": "auditor"}).json
    page.goto(f"{node.control_url}/account")
    sign_in(page, made["email"], made["password"])
    page.get_by_label("Your present password, to change the second step").fill(made["password"])
    page.get_by_role("button", name="Set up a second step").click()
    keep("second-step")
    codes = pyotp.TOTP(page.locator(".secret").inner_text().replace(" ", ""))
    page.get_by_role("textbox", name="Code").fill(codes.now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("status")).to_be_visible()
    keep("account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    sign_in(page, made["email"], made["password"])
    assert page.get_by_role("heading", level=1).inner_text() == "Your code"
    keep("code")
