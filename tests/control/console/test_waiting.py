"""Owners' letters and disputed numbers in the console, on a whole node."""

from __future__ import annotations

import pytest

from tests.gateway_node import eventually

BLOCK, ONE = "+442079462700-2799", "+442079462750"


class Owner:
    def __init__(self, node, name):
        self.node, self.name = node, name
        self.id = node.administer("POST", "/v1/owners", {"name": name, "contact": "it@example.org"}).json[
            "id"
        ]

    def claim(self, numbers):
        said = {"numbers": numbers, "use": "calling", "trunks": ["access-1"], "owner": self.id}
        return self.node.administer("POST", "/v1/numbers", said).json["id"]

    def offer(self, number):
        said = {"kind": "letter", "numbers": [number], "statement": f"The notary of {self.name}."}
        return self.node.administer("POST", "/v1/proofs", said).json["id"]

    def state(self, number):
        return self.node.administer("GET", f"/v1/numbers/{number}").json["state"]


def text(answer):
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_letters_are_read_and_a_ported_number_is_awarded_without_an_api(node, operator):
    bank, heir = Owner(node, "Example Bank"), Owner(node, "Example Heir")
    mine, theirs = bank.claim(BLOCK), heir.claim(ONE)
    for owner, number in ((bank, mine), (heir, theirs)):
        path = f"/owners/letters/{owner.offer(number)}"
        assert path in text(operator.get("/owners"))
        assert f"The notary of {owner.name}." in text(operator.get(path))
        for wrong in ({"step": "approve", "reason": ""}, {"step": "", "reason": "x"}, {"reason": "x"}):
            unsaid = operator.post(path, wrong)
            assert unsaid.status == 400
            assert "There is a problem" in unsaid.body.decode()
        done = operator.post(path, {"step": "approve", "reason": "called the notary"})
        assert done.headers["Location"] == "/owners?done=letter"
        assert operator.get(path).status == 404
    assert (bank.state(mine), heir.state(theirs)) == ("verified", "disputed")
    path = f"/owners/disputes/{theirs}"
    assert path in text(operator.get("/owners"))
    asked = text(operator.get(path))
    assert "Example Bank" in asked
    assert "+442079462700 to +442079462799 (100 numbers)" in asked
    for wrong in ({"step": "award", "reason": " "}, {"step": "freeze", "reason": "x"}, {"reason": "x"}, {}):
        refused = operator.post(path, wrong)
        assert refused.status == 400
        assert "There is a problem" in refused.body.decode()
    assert (
        operator.post(path, {"step": "award", "reason": "ported"}).headers["Location"]
        == "/owners?done=dispute"
    )
    eventually(lambda: (bank.state(mine), heir.state(theirs)) == ("verified", "verified"))
    assert operator.get(path).status == 404


def test_a_refused_letter_is_the_owners_again(node, operator):
    owner = Owner(node, "Example Club")
    number = owner.claim("+442079462801")
    path = f"/owners/letters/{owner.offer(number)}"
    assert operator.post(path, {"step": "refuse", "reason": "nobody knows of it"}).status == 303
    assert owner.state(number) == "claimed"


def test_a_protected_number_says_that_it_needs_two(node, operator):
    owner = Owner(node, "Example Bank")
    number = owner.claim("+442079460990")
    path = f"/owners/letters/{owner.offer(number)}"
    assert "two operators have to agree" in text(operator.get(path))
    said = {"step": "approve", "reason": "called the bank"}
    assert operator.post(path, said).headers["Location"] == "/owners?done=letter-second"
    assert owner.state(number) == "proving"
    again = operator.post(path, said)
    assert again.status == 400
    assert b"another operator has to agree" in again.body
    assert "needs two" in text(operator.get("/owners"))


@pytest.mark.parametrize("number", ["0", "999999999"])
def test_what_does_not_wait_is_not_there(operator, number):
    for path in (f"/owners/letters/{number}", f"/owners/disputes/{number}"):
        assert operator.get(path).status == 404
        assert operator.post(path, {"step": "award", "reason": "x"}).status == 404


def test_auditors_see_that_something_waits_and_owners_nothing(node, auditor):
    owner = Owner(node, "Example Shop")
    letter = owner.offer(owner.claim("+442079462802"))
    listed = text(auditor.get("/owners"))
    assert "Example Shop" in listed
    assert "2079462802" not in listed
    assert "/owners/letters" not in listed
    path = f"/owners/letters/{letter}"
    assert auditor.get(path).status == 403
    assert auditor.post(path, {"step": "approve", "reason": "x"}).status == 403
