"""Calls for help and operators' decisions: they come before every other rule."""

from __future__ import annotations

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber, canonical
from gateway.numbers.plans import UK
from gateway.numbers.ranges import NumberRange
from gateway.verdicts.call import Known
from gateway.verdicts.decide import not_applied
from gateway.verdicts.policy import (
    Effect,
    EmergencyPolicy,
)
from gateway.verdicts.rules import RULES
from gateway.verdicts.verdict import Action, CliDisplay
from tests.verdicts.cases import (
    CALLED,
    CALLER,
    FAILED,
    MOBILE,
    OTHER,
    POLICY,
    SCREENING,
    SIGNED_CALL_BACK,
    SIGNED_PRIORITY,
    SPANISH,
    UNPROVEN,
    a_call,
    codes,
    complaints,
    decided,
    deciding,
    dno,
    from_abroad,
    replace,
    verdict,
)


def test_an_ordinary_unsigned_call_is_let_through_with_nothing_to_say():
    found = verdict()
    assert (found.action, found.hits, found.cli) == (Action.ALLOW, (), CliDisplay.PRESENT)
    assert list(not_applied(found)) == [reason for _, reasons in RULES for reason in reasons]


# --- emergency ---------------------------------------------------------------------------------
EMERGENCY = replace(
    dno(CALLER),
    emergency=EmergencyPolicy(
        numbers=frozenset({TelephoneNumber("911")}), psap_numbers=(NumberRange.parse("+442079460900-0909"),)
    ),
)
PSAP = "442079460905"


@pytest.mark.parametrize("dialled", ["999", "112", "18000", "911", "933", "15"])
def test_a_call_to_an_emergency_number_of_any_plan_or_of_the_policy_is_let_through(dialled):
    found = verdict(a_call(dests=(dialled,)), FAILED, policy=EMERGENCY)
    assert (found.action, deciding(found)) == (Action.ALLOW, "emergency.dialled")


@pytest.mark.parametrize(
    "written", ["999", "+44999", "+999", "0044999", "+44 112".replace(" ", "-"), "999;phone-context=+44"]
)
def test_a_call_for_help_is_known_however_it_was_dialled(written):
    dialled = canonical(written, UK.dialling)
    assert verdict(from_abroad(dests=(dialled,)), policy=EMERGENCY).action is Action.ALLOW


def test_one_emergency_number_among_several_called_ones_is_enough():
    assert verdict(a_call(dests=(CALLED, "999")), policy=EMERGENCY).action is Action.ALLOW


def test_where_the_call_is_routed_counts_and_not_what_its_to_header_says():
    forged = a_call(dests=("999",), request_uri=TelephoneNumber(CALLED))
    assert "emergency.dialled" not in codes(verdict(forged, policy=EMERGENCY))
    assert verdict(forged, policy=EMERGENCY).action is Action.BLOCK
    genuine = a_call(dests=(CALLED,), request_uri=TelephoneNumber("999"))
    assert deciding(verdict(genuine, policy=EMERGENCY)) == "emergency.dialled"


@pytest.mark.parametrize("dialled", ["101", "447700900999", "4499", "9990", "44999"])
def test_no_other_number_is_an_emergency_number(dialled):
    assert verdict(a_call(dests=(dialled,)), policy=EMERGENCY).action is Action.BLOCK


def test_an_anonymous_call_for_help_carries_its_number():
    found = verdict(a_call(dests=("999",), anonymous=True))
    assert found.cli is CliDisplay.PRESENT


@pytest.mark.parametrize("kind", [TrunkKind.ACCESS, TrunkKind.CUSTOMER, TrunkKind.DOMESTIC])
@pytest.mark.parametrize("numbers", [(PSAP, None), (None, PSAP), (OTHER, PSAP)])
def test_a_control_room_is_let_through_by_either_number(kind, numbers):
    policy = replace(EMERGENCY, invalid_number=Effect.BLOCK)
    known = Known(decisions=(decided("block", PSAP),))
    found = verdict(a_call(*numbers, trunk_kind=kind), known=known, policy=policy)
    assert (found.action, deciding(found)) == (Action.ALLOW, "emergency.psap")


def test_a_control_rooms_number_from_abroad_is_examined_like_any_other():
    found = verdict(from_abroad(PSAP), policy=EMERGENCY)
    assert (found.action, deciding(found)) == (Action.BLOCK, "abroad.home-number")


def test_a_call_that_shows_an_emergency_number_is_invalid_even_where_the_list_names_it():
    listed = EmergencyPolicy(psap_numbers=(NumberRange(TelephoneNumber("999")),))
    for policy in (EMERGENCY, replace(EMERGENCY, emergency=listed)):
        found = verdict(a_call("999"), policy=policy)
        assert (found.action, deciding(found)) == (Action.BLOCK, "number.not-a-cli")


def test_someone_who_just_dialled_for_help_can_be_called_back_by_anybody():
    found = verdict(from_abroad(CALLER), FAILED, Known(recent_emergency_caller=True), EMERGENCY)
    assert (found.action, deciding(found)) == (Action.ALLOW, "emergency.call-back")


@pytest.mark.parametrize(
    ("action", "degraded"),
    [("allow", ()), ("label", ()), ("challenge", ("emergency",)), ("block", ("emergency",))],
)
def test_where_nobody_knows_of_a_call_for_help_only_a_call_that_is_stopped_says_so(action, degraded):
    known = Known(decisions=(decided(action),), recent_emergency_caller=None)
    found = verdict(known=known, policy=replace(POLICY, treatment=SCREENING))
    assert (found.action.value, found.degraded) == (action, degraded)
    assert "emergency.call-back" not in codes(found)


def test_a_call_back_releases_no_number_that_a_rule_withholds():
    found = verdict(from_abroad(MOBILE), known=Known(recent_emergency_caller=True))
    assert (found.action, found.cli) == (Action.ALLOW, CliDisplay.WITHHOLD)


# --- operators' decisions ----------------------------------------------------------------------
@pytest.mark.parametrize("action", ["allow", "label", "challenge", "block"])
def test_a_decision_does_what_it_says(action):
    policy = replace(POLICY, treatment=SCREENING)
    found = verdict(known=Known(decisions=(decided(action),)), policy=policy)
    assert (found.action.value, deciding(found)) == (action, "decision.operator")
    assert found.hits[0].detail == f"+{CALLER}: seen"


def test_a_decision_counts_on_its_kind_of_trunk_only():
    known = Known(decisions=(decided("block", trunk_kind="international"),))
    assert verdict(a_call(SPANISH), known=known).action is Action.ALLOW
    assert verdict(from_abroad(SPANISH), known=known).action is Action.BLOCK
    for kind in TrunkKind:
        of_kind = Known(decisions=(decided("label", trunk_kind=kind.value),))
        assert verdict(a_call(SPANISH, trunk_kind=kind), known=of_kind).action is Action.LABEL


def test_of_decisions_about_one_number_the_first_that_fits_the_path_counts():
    narrow, wide = decided("allow"), decided("block")
    assert verdict(known=Known(decisions=(narrow, wide))).action is Action.ALLOW
    elsewhere = decided("allow", trunk_kind="access")
    assert verdict(known=Known(decisions=(elsewhere, wide))).action is Action.BLOCK


@pytest.mark.parametrize("order", [1, -1])
def test_of_decisions_about_the_two_numbers_of_a_call_the_stricter_counts(order):
    known = Known(decisions=(decided("allow", CALLER), decided("block", OTHER))[::order])
    assert verdict(a_call(CALLER, OTHER), known=known).action is Action.BLOCK


def test_a_decision_to_allow_beats_do_not_originate_and_shows_the_number():
    known = replace(complaints(100, MOBILE), decisions=(decided("allow", MOBILE),))
    found = verdict(from_abroad(MOBILE), FAILED, known, dno(MOBILE))
    assert (found.action, found.cli) == (Action.ALLOW, CliDisplay.PRESENT)
    assert "dno.exact" in codes(found)
    assert "abroad.roaming-unknown" in codes(found)


def test_an_action_of_a_newer_release_is_listed_and_decides_nothing():
    found = verdict(known=Known(decisions=(decided("teleport"),)))
    assert (found.action, codes(found), deciding(found)) == (Action.ALLOW, ["decision.operator"], None)


def test_a_challenge_without_anywhere_to_send_the_call_is_a_label():
    found = verdict(known=Known(decisions=(decided("challenge"),)))
    assert (found.action, found.treatment.status) == (Action.LABEL, None)


# --- signed priority -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("priority", "code"),
    [(SIGNED_PRIORITY, "emergency.priority"), (SIGNED_CALL_BACK, "emergency.signed-call-back")],
)
@pytest.mark.parametrize("asked", [None, frozenset({"ets.0"})])
def test_a_call_of_signed_priority_is_let_through_whatever_else_is_known(priority, code, asked):
    known = replace(complaints(100), decisions=(decided("block"),))
    call = from_abroad(CALLER, resource_priority=asked)
    found = verdict(call, FAILED, known, EMERGENCY, priority=priority)
    assert (found.action, deciding(found)) == (Action.ALLOW, code)


@pytest.mark.parametrize("priority", [None, *UNPROVEN])
def test_priority_that_is_not_proven_changes_nothing(priority):
    call = a_call(resource_priority=frozenset({"ets.0"}))
    assert verdict(call, policy=EMERGENCY, priority=priority) == verdict(call, policy=EMERGENCY)


@pytest.mark.parametrize("priority", [SIGNED_PRIORITY, SIGNED_CALL_BACK])
def test_a_call_that_asks_for_no_priority_is_an_ordinary_one(priority):
    call = a_call(resource_priority=frozenset())
    assert verdict(call, policy=EMERGENCY, priority=priority).action is Action.BLOCK


def test_signed_priority_lets_the_call_through_and_releases_no_number():
    found = verdict(from_abroad(MOBILE), priority=SIGNED_PRIORITY)
    assert (found.action, found.cli) == (Action.ALLOW, CliDisplay.WITHHOLD)
