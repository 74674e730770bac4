from __future__ import annotations

import re

import pytest

from tests.control.console.conftest import ask


@pytest.fixture
def dno_labels(node):
    """The policy file, changed for one test."""
    policy = node.directory / "config" / "policy.toml"
    before = policy.read_text()
    policy.write_text(re.sub(r'^dno = "block"', 'dno = "label"', before, flags=re.MULTILINE))
    assert policy.read_text() != before
    yield
    policy.write_text(before)
    assert node.administer("POST", "/admin/v1/reload").status == 200


def words(answer) -> str:
    return " ".join(answer.body.decode().split())


def test_a_reload_is_seen_before_it_is_taken_and_its_policy_put_back_in_one_step(node, operator, dno_labels):
    seen = words(operator.get("/reload"))
    assert "would be answered otherwise" in seen
    assert node.administer("GET", "/admin/v1/generation").json["generation"] == 1
    taken = operator.post("/reload")
    assert taken.status == 200
    assert "<h1>Taken</h1>" in words(taken)
    history = words(operator.get("/generations"))
    assert "verdict.dno" in history
    assert "/generations/1/roll-back" in history

    refused = operator.post("/generations/1/roll-back", {"reason": ""})
    assert refused.status == 400
    back = operator.post("/generations/1/roll-back", {"reason": "labelled too little"})
    assert back.status == 200
    assert "rolled back" in words(operator.get("/generations"))
    assert ask(node, "after the roll-back", "+442079460999")["action"] == "block"
    assert "labelled too little" in words(operator.get("/audit?kind=configuration"))


def test_a_brand_is_protected_after_a_question_and_each_range_can_be_taken_back(node, operator):
    fields = {"name": "Example Bank", "numbers": "020 7946 0500\n+442079460510-0519"}
    shown = words(operator.post("/protection/new", fields))
    assert "Is this right?" in shown
    assert "[[brand]]" in shown
    assert node.administer("GET", "/admin/v1/decisions").json["decisions"] == []
    assert operator.post("/protection/new", fields | {"step": "do"}).status == 303
    made = node.administer("GET", "/admin/v1/decisions").json["decisions"]
    assert [(each["start"], each["count"], each["trunk_kind"]) for each in made] == [
        ("+442079460500", 1, "international"),
        ("+442079460510", 10, "international"),
    ]
    for each in made:
        assert operator.post(f"/decisions/{each['id']}/removal").status == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"numbers": ""},
        {"numbers": "020 7946 0500\nnonsense"},
        {"numbers": "+442079460500\n" * 51},
        {"numbers": "+44/99999999"},
    ],
)
def test_what_cannot_be_protected_changes_nothing(node, operator, wrong):
    fields = {"name": "Example Bank", "numbers": "020 7946 0500", "step": "do"} | wrong
    assert operator.post("/protection/new", fields).status == 400
    assert node.administer("GET", "/admin/v1/decisions").json["decisions"] == []


@pytest.mark.parametrize("path", ["/protection/new", "/reload", "/generations/1/roll-back"])
def test_an_auditor_changes_no_configuration(auditor, path):
    assert (
        auditor.post(path, {"name": "x", "numbers": "+442079460500", "reason": "x", "step": "do"}).status
        == 403
    )


def test_a_generation_that_never_was_cannot_be_put_back(operator):
    assert operator.get("/generations/999/roll-back").status == 404
    assert operator.post("/generations/999/roll-back", {"reason": "x"}).status == 404
