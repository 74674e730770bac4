"""What the numbers themselves say: never call out, cannot call, cannot come from there, a brand's."""

from __future__ import annotations

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.verdicts.call import Known, Roaming
from gateway.verdicts.policy import (
    CountryPack,
    Effect,
    TreatmentPolicy,
    UnknownRoaming,
)
from gateway.verdicts.verdict import Action, CliDisplay
from tests.verdicts.cases import (
    AMERICAN,
    CALLER,
    FAILED,
    IMPOSSIBLE,
    MOBILE,
    NOW,
    OTHER,
    POLICY,
    PREMIUM,
    SCREENING,
    SPANISH,
    UNSIGNED,
    a_call,
    brands,
    codes,
    decided,
    deciding,
    dno,
    each_effect,
    from_abroad,
    passed,
    replace,
    verdict,
)


# --- do not originate --------------------------------------------------------------------------
@each_effect
def test_do_not_originate_does_what_the_policy_says(effect, action):
    found = verdict(policy=dno(CALLER, dno=effect, treatment=SCREENING))
    assert (found.action, codes(found)) == (action, ["dno.exact"])
    assert found.hits[0].detail == "HMRC: this number never calls out"


@pytest.mark.parametrize("numbers", [(CALLER, OTHER), (OTHER, CALLER), (None, CALLER)])
def test_do_not_originate_looks_at_presentation_and_network_number(numbers):
    assert verdict(a_call(*numbers), policy=dno(CALLER)).action is Action.BLOCK


def test_an_anonymous_call_is_held_to_its_network_number():
    found = verdict(a_call(None, CALLER, anonymous=True), policy=dno(CALLER))
    assert (found.action, found.cli) == (Action.BLOCK, CliDisplay.WITHHOLD)


def test_do_not_originate_is_exact():
    for tn in ("442079460124", "44207946012", "4420794601230", "12079460123"):
        assert "dno.exact" not in codes(verdict(a_call(tn), policy=dno(CALLER)))


def test_a_call_to_a_number_that_never_calls_out_is_ordinary():
    assert verdict(a_call(OTHER, dests=(CALLER,)), policy=dno(CALLER)).action is Action.ALLOW


@pytest.mark.parametrize(("left", "action"), [(1, Action.BLOCK), (0, Action.ALLOW), (-1, Action.ALLOW)])
def test_an_entry_ends_with_the_second_it_names(left, action):
    assert verdict(policy=dno(CALLER, expires_at=NOW + left)).action is action


@pytest.mark.parametrize("time", [1, NOW * 1000])
def test_an_entry_ends_by_the_gateways_clock_and_not_by_the_time_the_switch_sends(time):
    call = a_call(time=time)
    assert verdict(call, policy=dno(CALLER, expires_at=NOW + 1)).action is Action.BLOCK
    assert verdict(call, policy=dno(CALLER, expires_at=NOW)).action is Action.ALLOW


@pytest.mark.parametrize("outcome", [UNSIGNED, FAILED, passed("A")])
def test_do_not_originate_holds_whatever_was_signed(outcome):
    assert verdict(outcome=outcome, policy=dno(CALLER)).action is Action.BLOCK


# --- invalid numbers ---------------------------------------------------------------------------
@each_effect
@pytest.mark.parametrize(
    ("tn", "code"),
    [
        (IMPOSSIBLE, "number.invalid"),
        ("44207946012", "number.invalid"),
        ("4411111111111", "number.invalid"),
        ("12155551", "number.invalid"),
        ("12151110123", "number.invalid"),
        (PREMIUM, "number.not-a-cli"),
        ("19005550123", "number.not-a-cli"),
        ("999", "number.not-a-cli"),
        ("101", "number.not-a-cli"),
        ("*21#", "number.not-a-cli"),
    ],
)
def test_numbers_that_cannot_call_are_named_apart_from_those_that_may_not(tn, code, effect, action):
    policy = replace(POLICY, invalid_number=effect, treatment=SCREENING)
    for call in (a_call(tn), a_call(CALLER, tn)):
        found = verdict(call, policy=policy)
        assert (found.action, codes(found)) == (action, [code])


@pytest.mark.parametrize(
    "tn", [CALLER, MOBILE, AMERICAN, SPANISH, "448081570123", "443001230123", "8613800138000"]
)
def test_numbers_that_may_call_and_those_of_countries_without_a_plan_pass(tn):
    assert verdict(a_call(tn)).hits == ()


# --- numbers from abroad -----------------------------------------------------------------------
@each_effect
def test_a_home_number_that_is_no_mobile_from_abroad(effect, action):
    policy = replace(POLICY, home_number_from_abroad=effect, treatment=SCREENING)
    found = verdict(from_abroad(CALLER), policy=policy)
    assert (found.action, codes(found)) == (action, ["abroad.home-number"])


@pytest.mark.parametrize("roaming", list(Roaming))
def test_a_fixed_line_does_not_roam_whatever_is_said(roaming):
    assert verdict(from_abroad(CALLER, roaming=roaming)).action is Action.BLOCK


@pytest.mark.parametrize("kind", [TrunkKind.ACCESS, TrunkKind.CUSTOMER, TrunkKind.DOMESTIC])
def test_a_home_number_on_any_other_trunk_is_at_home(kind):
    assert verdict(a_call(CALLER, MOBILE, trunk_kind=kind)).hits == ()


@pytest.mark.parametrize("tn", [AMERICAN, SPANISH])
def test_a_foreign_number_from_abroad_is_ordinary(tn):
    assert verdict(from_abroad(tn)).hits == ()


def test_a_network_number_of_ours_under_a_foreign_presentation_number_is_seen():
    assert deciding(verdict(from_abroad(SPANISH, CALLER))) == "abroad.home-number"


def test_a_home_mobile_that_roams_is_ordinary():
    found = verdict(from_abroad(MOBILE, roaming=Roaming.TRUE))
    assert (found.action, found.hits, found.cli) == (Action.ALLOW, (), CliDisplay.PRESENT)


@each_effect
def test_a_home_mobile_that_does_not_roam(effect, action):
    policy = replace(POLICY, home_mobile_not_roaming=effect, treatment=SCREENING)
    found = verdict(from_abroad(MOBILE, roaming=Roaming.FALSE), policy=policy)
    assert (found.action, codes(found), found.cli) == (action, ["abroad.not-roaming"], CliDisplay.PRESENT)


@pytest.mark.parametrize(
    ("choice", "action", "cli"),
    [
        (UnknownRoaming.PRESENT, Action.ALLOW, CliDisplay.PRESENT),
        (UnknownRoaming.WITHHOLD, Action.ALLOW, CliDisplay.WITHHOLD),
        (UnknownRoaming.BLOCK, Action.BLOCK, CliDisplay.PRESENT),
    ],
)
def test_a_home_mobile_of_which_nobody_knows_whether_it_roams(choice, action, cli):
    found = verdict(from_abroad(MOBILE), policy=replace(POLICY, home_mobile_roaming_unknown=choice))
    assert (found.action, codes(found), found.cli) == (action, ["abroad.roaming-unknown"], cli)


@pytest.mark.parametrize("roaming", list(Roaming))
@pytest.mark.parametrize("numbers", [(MOBILE, CALLER), (CALLER, MOBILE)])
def test_a_mobile_beside_it_does_not_excuse_a_fixed_line_from_abroad(numbers, roaming):
    assert verdict(from_abroad(*numbers, roaming=roaming)).action is Action.BLOCK


def test_a_number_is_withheld_for_a_mobile_where_fixed_lines_are_only_noted():
    policy = replace(POLICY, home_number_from_abroad=Effect.NONE)
    assert verdict(from_abroad(CALLER, MOBILE), policy=policy).cli is CliDisplay.WITHHOLD


NANP = TreatmentPolicy(country_pack=CountryPack.NANP)


def test_with_the_nanp_pack_american_numbers_are_at_home_and_british_ones_are_not():
    policy = replace(POLICY, treatment=NANP)
    assert verdict(from_abroad(CALLER), policy=policy).hits == ()
    assert codes(verdict(from_abroad("15005550123"), policy=policy)) == ["abroad.home-number"]


def test_in_the_nanp_a_geographic_number_may_be_a_mobile():
    policy = replace(POLICY, treatment=NANP)
    found = verdict(from_abroad(AMERICAN), policy=policy)
    assert (codes(found), found.cli) == (["abroad.roaming-unknown"], CliDisplay.WITHHOLD)
    assert verdict(from_abroad(AMERICAN, roaming=Roaming.TRUE), policy=policy).hits == ()
    assert verdict(from_abroad(AMERICAN, roaming=Roaming.FALSE), policy=policy).action is Action.BLOCK


@pytest.mark.parametrize("withheld", [True, False])
@pytest.mark.parametrize("action", [Action.ALLOW, Action.LABEL, Action.BLOCK])
def test_whether_the_number_is_shown_is_independent_of_the_action(withheld, action):
    choice = UnknownRoaming.WITHHOLD if withheld else UnknownRoaming.PRESENT
    policy = replace(
        POLICY,
        home_mobile_roaming_unknown=choice,
        stir_failed=Effect.NONE if action is Action.ALLOW else Effect(action.value),
    )
    found = verdict(from_abroad(MOBILE), FAILED, policy=policy)
    assert (found.action, found.cli is CliDisplay.WITHHOLD) == (action, withheld)


def test_a_caller_who_wants_to_be_anonymous_is_even_where_an_operator_released_the_number():
    known = Known(decisions=(decided("allow"),))
    assert verdict(a_call(anonymous=True), known=known).cli is CliDisplay.WITHHOLD


# --- brands ------------------------------------------------------------------------------------
BANK = ("Example Bank", CALLER, frozenset({"customer-7"}))


@each_effect
@pytest.mark.parametrize("numbers", [(CALLER, None), (OTHER, CALLER)])
def test_a_brands_number_by_another_trunk_than_its_own(numbers, effect, action):
    policy = brands(BANK, brand=effect, treatment=SCREENING)
    found = verdict(a_call(*numbers), policy=policy)
    assert (found.action, codes(found)[0]) == (action, "brand.path")
    assert "brand.path" not in codes(verdict(a_call(*numbers, trunk="customer-7"), policy=policy))


def test_a_brand_without_trunks_may_come_by_any_but_an_international_one():
    policy = brands(("Example Bank", SPANISH, frozenset()))
    assert verdict(a_call(SPANISH), policy=policy).action is Action.ALLOW
    assert deciding(verdict(from_abroad(SPANISH), policy=policy)) == "brand.path"


def test_a_number_two_brands_share_may_come_by_the_trunks_of_either():
    group = ("Example Group", CALLER, frozenset({"customer-8"}))
    policy = brands(BANK, group)
    for trunk in ("customer-7", "customer-8"):
        assert verdict(a_call(trunk=trunk), policy=policy).action is Action.ALLOW
    assert verdict(a_call(trunk="customer-9"), policy=policy).action is Action.BLOCK


def test_a_signature_that_passed_does_not_open_another_path_to_a_brands_number():
    assert verdict(outcome=passed("A"), policy=brands(BANK)).action is Action.BLOCK
