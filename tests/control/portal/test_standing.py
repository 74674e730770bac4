"""What an owner is told of where a number stands, and what it may say of it anew, on a whole node."""

from __future__ import annotations

import pytest

from tests.control.portal.test_portal import claim, owner
from tests.control.registry.test_api import verdict
from tests.gateway_node import eventually, running_node


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("standing")) as running:
        eventually(lambda: running.administer("GET", "/readyz").json["status"] == "ready")
        yield running


@pytest.fixture(scope="module")
def alice(node):
    return owner(node)


def test_whose_turn_it_is_while_an_operator_reads_a_letter_and_what_is_said_when_it_is_refused(node, alice):
    number = claim(alice, "020 7946 1960")
    assert "Whose turn: <strong>You: prove it" in alice.get(f"/portal/numbers/{number}").body.decode()
    alice.post("/portal/letters/new", [("numbers", str(number)), ("statement", "The notary of 1960.")])
    turn = "An operator: reads your letter"
    assert f"Whose turn: <strong>{turn}" in alice.get(f"/portal/numbers/{number}").body.decode()
    assert turn in alice.get("/portal?state=proving").body.decode()
    assert turn in alice.post("/portal/search", {"search": "020 7946 1960"}).body.decode()
    (letter,) = [each for each in node.administer("GET", "/v1/proofs").json["proofs"] if "1960" in str(each)]
    assert letter["numbers"] == [number]
    said = {"approve": False, "reason": "the notary knows nothing of it"}
    assert node.administer("POST", f"/v1/proofs/{letter['id']}/check", said).status == 200
    home = alice.get("/portal").body.decode()
    assert "Your letter for +442079461960 was refused: the notary knows nothing of it." in home
    assert "Whose turn: <strong>You: prove it" in alice.get(f"/portal/numbers/{number}").body.decode()


def test_what_is_said_of_a_number_is_changed_without_proving_it_again(node, alice):
    number = claim(alice, "020 7946 1970", brand_name="Exmaple Bank", providers="1234")
    alice.post("/portal/letters/new", [("numbers", str(number)), ("statement", "The notary of 1970.")])
    (letter,) = [each for each in node.administer("GET", "/v1/proofs").json["proofs"] if "1970" in str(each)]
    said = {"approve": True, "reason": "called the notary"}
    assert node.administer("POST", f"/v1/proofs/{letter['id']}/check", said).status == 200
    path = f"/portal/numbers/{number}/change"
    asked = alice.get(path).body.decode()
    for field in ('value="Exmaple Bank"', 'value="1234"', 'value="access-1" checked'):
        assert field in asked
    wrong = [("trunks", "access-1"), ("trunks", "customer-1"), ("brand_name", "Example Bank"),
             ("brand_logo_url", "https://example.org/logo.png")]  # fmt: skip
    refused = alice.post(path, wrong)
    assert refused.status == 400
    text = refused.body.decode()
    assert "There is a problem" in text
    for field in ('value="customer-1" checked', 'value="Example Bank"', "https://example.org/logo.png"):
        assert field in text
    assert alice.post(path, {"brand_name": "Example Bank"}).status == 400, "it calls by no way at all"
    changed = alice.post(path, wrong[:3])
    assert changed.headers["Location"] == f"/portal/numbers/{number}?done=changed"
    shown = alice.get(f"/portal/numbers/{number}").body.decode()
    assert ">Verified<" in shown
    assert "access-1, customer-1" in shown
    assert "Exmaple" not in shown
    eventually(lambda: verdict(node, "+442079461970", trunk="customer-1")["action"] == "allow")
    alice.post(f"/portal/numbers/{number}/withdraw")
    never = claim(alice, "020 7946 1971", use="never_calls_out")
    for each in (number, never):
        nothing = f"/portal/numbers/{each}/change"
        assert alice.get(nothing).status == alice.post(nothing, wrong).status == 409
        assert "/change" not in alice.get(f"/portal/numbers/{each}").body.decode()
