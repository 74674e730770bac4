from __future__ import annotations

import pytest

from tests.control.console.conftest import ask
from tests.gateway_node import eventually

NUMBER = "+442079460999"


def decided(node) -> list[dict]:
    return node.administer("GET", "/admin/v1/decisions").json["decisions"]


def form(**changed) -> dict[str, str]:
    return {"tn": NUMBER, "action": "allow", "reason": "ours", "days": "7", "step": "check"} | changed


def test_a_decision_is_shown_before_it_is_made_and_taken_back_after(node, operator):
    checked = operator.post("/decisions/new", form())
    assert checked.status == 200
    assert "Is this right?" in checked.body.decode()
    assert decided(node) == []
    made = operator.post("/decisions/new", form(step="do"))
    assert made.status == 303
    (decision,) = decided(node)
    assert (decision["start"], decision["action"], decision["reason"]) == (NUMBER, "allow", "ours")
    assert decision["created_by"].startswith("person:")
    assert decision["expires"] is not None
    eventually(lambda: ask(node, "let", NUMBER)["action"] == "allow")
    assert "Undo" in operator.get(made.headers["Location"]).body.decode()
    removal = f"/decisions/{decision['id']}/removal"
    assert "Take this decision back?" in operator.get(removal).body.decode()
    assert len(decided(node)) == 1
    assert operator.post(removal).status == 303
    assert decided(node) == []
    audit = operator.get("/audit?kind=decision").body.decode()
    assert audit.index("decision.remove") < audit.index("decision.add")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tn": "nonsense"}, "Number"),
        ({"tn": ""}, "Number"),
        ({"tn": "+442079460999/99999999"}, 'href="#tn">A decision covers at most'),
        ({"reason": ""}, "Say why"),
        ({"reason": "x" * 5000}, "Reason"),
        ({"action": "explode"}, "no action"),
        ({"trunk_kind": "moon"}, "no kind of trunk"),
    ],
)
@pytest.mark.parametrize("step", ["check", "do"])
def test_what_cannot_be_decided_is_refused_beside_its_field(node, operator, wrong, said, step):
    answer = operator.post("/decisions/new", form(step=step, **wrong))
    assert answer.status == 400
    page = answer.body.decode()
    assert "There is a problem" in page
    assert said in page
    assert decided(node) == []


def test_a_number_is_released_after_a_question(operator):
    fields = {"tn": NUMBER, "reason": "its owner has shown us"}
    assert "cannot be taken back" in " ".join(operator.post("/release", fields).body.decode().split())
    assert operator.post("/release", fields | {"step": "do"}).status == 303
    assert operator.post("/release", {"tn": "x", "reason": "y", "step": "do"}).status == 400
    assert operator.post("/release", {"tn": NUMBER, "reason": "", "step": "do"}).status == 400


CHANGES = ("/decisions/new", "/release", "/decisions/1/removal")


@pytest.mark.parametrize("path", CHANGES)
def test_an_auditor_changes_nothing(node, auditor, path):
    assert auditor.post(path, form(step="do")).status == 403
    assert decided(node) == []


@pytest.mark.parametrize("path", CHANGES)
def test_a_page_of_another_site_changes_nothing(node, operator, path):
    foreign = {"Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"}
    answer = operator.post(path, form(step="do"), **foreign)
    assert answer.status == 403
    assert decided(node) == []


def test_what_is_not_there_cannot_be_taken_back(operator):
    assert operator.get("/decisions/999999/removal").status == 404
    assert operator.post("/decisions/999999/removal").status == 404
