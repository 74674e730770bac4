"""What owners have registered, as calls meet it: on every path, with and without a signature."""

from __future__ import annotations

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.attestation.inventory import Inventory
from gateway.numbers.ranges import NumberRange
from gateway.registry.registration import Brand
from gateway.verdicts.call import Known, Registered, Roaming
from gateway.verdicts.policy import Effect
from gateway.verdicts.verdict import Action
from tests.verdicts.cases import (
    CALLER,
    FAILED,
    MOBILE,
    OTHER,
    POLICY,
    SPANISH,
    UNSIGNED,
    a_call,
    codes,
    decided,
    from_abroad,
    passed,
    replace,
    verdict,
)

BRAND = Brand("Example Bank", logo_url="https://example.org/logo.png", logo_digest="sha256-x")
SPC = passed().chain.spc[0]


def registered(tn=CALLER, **changes):
    values = {
        "owner": "Example Holdings",
        "never_calls_out": False,
        "trunks": frozenset({"customer-1"}),
        "providers": frozenset(),
        "brand": BRAND,
    }
    return Registered(tn=tn, **(values | changes))


def known(*each, own=False):
    return Known(registered=each, spcs=(SPC,), is_own_signature=own)


ON_EACH_PATH = [
    a_call(trunk="access-1", trunk_kind=TrunkKind.ACCESS),
    a_call(trunk="customer-1", trunk_kind=TrunkKind.CUSTOMER),
    a_call(),
    from_abroad(),
    a_call(OTHER, CALLER),
]


@pytest.mark.parametrize("call", ON_EACH_PATH)
@pytest.mark.parametrize("outcome", [UNSIGNED, FAILED, passed("A")])
def test_a_number_that_never_calls_out_is_blocked_on_every_path_however_it_is_signed(call, outcome):
    mine = registered(never_calls_out=True, brand=None)
    found = verdict(call, outcome, known(mine))
    assert found.action is Action.BLOCK
    hit = found.deciding
    assert (hit.reason.code, hit.source) == ("dno.exact", "registration")
    assert hit.detail == "Example Holdings: this number never calls out"


@pytest.mark.parametrize(
    ("trunk", "kind", "is_foreign"),
    [
        ("customer-1", TrunkKind.CUSTOMER, False),
        ("customer-2", TrunkKind.CUSTOMER, True),
        ("access-1", TrunkKind.ACCESS, True),
        ("domestic-1", TrunkKind.DOMESTIC, False),
        ("international-1", TrunkKind.INTERNATIONAL, True),
    ],
)
def test_a_registered_number_by_a_path_its_owner_does_not_use(trunk, kind, is_foreign):
    found = verdict(a_call(SPANISH, trunk=trunk, trunk_kind=kind), known=known(registered(SPANISH)))
    assert ("brand.path" in codes(found)) is is_foreign
    assert found.action is (Action.BLOCK if is_foreign else Action.ALLOW)
    if is_foreign:
        assert found.hits[0].detail == f"Example Bank does not call by trunk {trunk} (+{SPANISH})"


@pytest.mark.parametrize("effect", [Effect.LABEL, Effect.NONE])
def test_policy_says_what_a_foreign_path_costs(effect):
    policy = replace(POLICY, brand=effect)
    found = verdict(from_abroad(SPANISH), known=known(registered(SPANISH)), policy=policy)
    assert codes(found) == ["brand.path"]
    assert found.action is (Action.LABEL if effect is Effect.LABEL else Action.ALLOW)


def test_a_missing_signature_on_an_ordinary_domestic_path_changes_nothing():
    for mine in (registered(), registered(providers=frozenset({"9999"}))):
        assert verdict(a_call(), UNSIGNED, known(mine)).action is Action.ALLOW


def test_interconnects_that_the_owner_listed_shut_the_others():
    policy = replace(POLICY, interconnects=frozenset({"domestic-1", "domestic-2"}))
    mine = known(registered(trunks=frozenset({"domestic-2"})))
    assert verdict(a_call(), known=mine, policy=policy).action is Action.BLOCK
    second = a_call(trunk="domestic-2")
    assert verdict(second, known=mine, policy=policy).action is Action.ALLOW


def test_an_a_by_a_provider_the_owner_does_not_call_through_is_a_foreign_path():
    stranger = known(registered(providers=frozenset({"9999"})))
    own = known(registered(providers=frozenset({SPC})))
    assert codes(verdict(a_call(), passed("A"), stranger)) == ["brand.path"]
    assert codes(verdict(a_call(), passed("B"), stranger)) == []
    assert codes(verdict(a_call(), passed("A"), own)) == []


def test_from_abroad_with_an_exception_is_no_foreign_path():
    roams = known(registered(MOBILE))
    assert "brand.path" not in codes(verdict(from_abroad(MOBILE, roaming=Roaming.TRUE), known=roams))
    assert "brand.path" in codes(verdict(from_abroad(MOBILE), known=roams))
    inventory = Inventory([(NumberRange(CALLER), "international-1")])
    excepted = verdict(from_abroad(), known=known(registered()), policy=replace(POLICY, inventory=inventory))
    assert codes(excepted) == ["abroad.excepted"]


@pytest.mark.parametrize(
    ("outcome", "mine", "own", "is_shown"),
    [
        (passed("A"), registered(providers=frozenset({SPC})), False, True),
        (passed("A"), registered(), True, True),
        (passed("A"), registered(trunks=frozenset()), True, False),
        (passed("A"), registered(), False, False),
        (passed("B"), registered(providers=frozenset({SPC})), False, False),
        (UNSIGNED, registered(providers=frozenset({SPC})), False, False),
        (FAILED, registered(providers=frozenset({SPC})), False, False),
        (passed("A"), registered(OTHER, providers=frozenset({SPC})), False, False),
    ],
)
def test_a_brand_is_shown_with_a_by_one_of_its_owners_providers_and_not_otherwise(
    outcome, mine, own, is_shown
):
    found = verdict(a_call(), outcome, known(mine, own=own))
    assert found.brand == (BRAND if is_shown else None)


def test_a_call_that_is_blocked_or_hides_its_number_shows_no_brand():
    mine = known(registered(providers=frozenset({SPC})))
    assert verdict(a_call(anonymous=True), passed("A"), mine).brand is None
    blocked = Known(registered=mine.registered, spcs=(SPC,), decisions=(decided("block"),))
    assert verdict(a_call(), passed("A"), blocked).brand is None
