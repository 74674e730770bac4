"""Whose word gives a right, and how long an owner's does when it can no longer be taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.attestation.decide import Attestation, decide
from gateway.attestation.inventory import LAPSED_RIGHT, NO_RIGHT, RightToUse
from gateway.calls.rights import Rights
from gateway.facts import facts_path
from gateway.facts.projection import FactChanges, Projection
from gateway.facts.reader import FactsReader
from gateway.facts.values import Declaration, FactsState, RegistrationFact
from gateway.generation.generation import Generation, build
from gateway.generation.texts import POLICY_FILES
from gateway.numbers.canonical import TelephoneNumber
from gateway.registry.registration import Brand
from tests import pki
from tests.generation.conftest import COMMITTED, texts_of

NOW = 1_795_000_000
HOLDS = 600
OWNED, SILENT, ASSIGNED = map(TelephoneNumber, ("441632960001", "441632960002", "442079460123"))


@pytest.fixture
def policy():
    files = {name: (COMMITTED / name).read_bytes() for name in POLICY_FILES}
    files["anchors/root.pem"] = pki.make_root().pem
    generation = build(texts_of(files, CALLMARK_ATTESTATION__REGISTRATIONS_HOLD_SECONDS=str(HOLDS)))
    assert isinstance(generation, Generation), generation
    return generation.policy


@pytest.fixture
def facts(tmp_path) -> Iterator[FactsReader]:
    """An owner's two numbers, confirmed at NOW and never again."""
    writer, reader = Projection(facts_path(tmp_path)), FactsReader(facts_path(tmp_path))
    said = {"owner": "Example Bank", "trunks": frozenset({"customer-1"}), "providers": frozenset()}
    declared = (
        Declaration(**said, never_calls_out=False, brand=Brand("Example")),
        Declaration(**said, never_calls_out=True, brand=None),
    )
    registrations = [
        RegistrationFact(number, tn, 1, each, NOW + 10 * HOLDS)
        for number, (tn, each) in enumerate(zip((OWNED, SILENT), declared, strict=True))
    ]
    writer.apply(FactChanges(registrations=registrations), FactsState(1, "a mark"))
    writer.confirm(now=NOW)
    yield reader
    reader.close()
    writer.close()


def rights(facts, policy, *, later: int, trunk: str = "customer-1") -> Rights:
    return Rights(facts, policy, trunk, NOW + later)


@pytest.mark.parametrize("later", [0, HOLDS])
def test_a_registration_gives_a_right_and_a_brand_while_the_record_is_in_reach(facts, policy, later):
    asked = rights(facts, policy, later=later)
    assert asked.to_use(OWNED) == RightToUse("registration", "customer-1")
    assert [grant.rcd["nam"] for grant in asked.rich_grants(OWNED)] == ["Example"]


def test_it_gives_neither_once_nobody_could_have_taken_it_back(facts, policy):
    asked = rights(facts, policy, later=HOLDS + 1)
    assert asked.to_use(OWNED) == LAPSED_RIGHT
    assert asked.rich_grants(OWNED) == []
    trunk = policy.by_name["customer-1"]
    decided = decide(
        wish=Attestation.A,
        orig=OWNED,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=asked.to_use(OWNED),
        policy=policy.attestation,
    )
    assert decided.attest is Attestation.B
    assert "last reached too long ago" in decided.finding.detail


@pytest.mark.parametrize("later", [0, HOLDS + 1])
def test_the_carriers_own_word_and_what_only_refuses_stand(facts, policy, later):
    assert rights(facts, policy, later=later).to_use(SILENT) == NO_RIGHT
    assert rights(facts, policy, later=later, trunk="access-1").to_use(OWNED) == NO_RIGHT
    own = rights(facts, policy, later=later, trunk="access-1").to_use(ASSIGNED)
    assert own == RightToUse("inventory", "access-1")
