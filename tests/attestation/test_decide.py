from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.attestation.decide import Attestation, AttestationPolicy, Decision, TrunkKind, decide
from gateway.attestation.inventory import NO_RIGHT, RightToUse
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import ATTEST_ASKED, ATTEST_GATEWAY, ATTEST_GRANTED, ATTEST_LOWERED, ATTEST_REFUSED

A, B, C = Attestation.A, Attestation.B, Attestation.C
LONDON = "442079460123"
RIGHT = RightToUse("inventory", "t1")
ACCESS, CUSTOMER, DOMESTIC, INTERNATIONAL = TrunkKind
LOWER = AttestationPolicy()
REFUSE = AttestationPolicy(when_no_right="refuse")


def asked(
    wish: Attestation,
    *,
    orig: str = LONDON,
    kind: TrunkKind = ACCESS,
    right: RightToUse = NO_RIGHT,
    policy: AttestationPolicy = LOWER,
) -> Decision:
    return decide(
        wish=wish,
        orig=TelephoneNumber(orig),
        trunk_name="t1",
        trunk_kind=kind,
        right=right,
        policy=policy,
    )


@pytest.mark.parametrize("source", ["inventory", "registration"])
@pytest.mark.parametrize("kind", [ACCESS, CUSTOMER, DOMESTIC])
def test_full_attestation_with_the_right_to_the_number(source: str, kind: TrunkKind) -> None:
    decision = asked(A, kind=kind, right=RightToUse(source, "t1"))  # type: ignore[arg-type]
    assert (decision.attest, decision.finding.reason) == (A, ATTEST_GRANTED)
    assert source in decision.finding.detail


@pytest.mark.parametrize(("kind", "given"), [(ACCESS, B), (CUSTOMER, B), (DOMESTIC, C), (INTERNATIONAL, C)])
@pytest.mark.parametrize("right", [NO_RIGHT, RightToUse("inventory", "t2"), RightToUse("inventory", "")])
def test_without_the_right_full_is_lowered(kind: TrunkKind, given: Attestation, right: RightToUse) -> None:
    decision = asked(A, kind=kind, right=right)
    assert (decision.attest, decision.finding.reason) == (given, ATTEST_LOWERED)


@pytest.mark.parametrize("kind", TrunkKind)
def test_without_the_right_full_is_refused_where_policy_says_so(kind: TrunkKind) -> None:
    decision = asked(A, kind=kind, policy=REFUSE)
    assert (decision.attest, decision.finding.reason) == (None, ATTEST_REFUSED)
    assert decision.finding.detail


def test_an_international_trunk_never_gets_full_whatever_the_inventory_says() -> None:
    assert asked(A, kind=INTERNATIONAL, right=RIGHT).attest is C


def test_partial_on_an_international_trunk_becomes_gateway_under_any_policy() -> None:
    for policy in (LOWER, REFUSE):
        decision = asked(B, kind=INTERNATIONAL, policy=policy)
        assert (decision.attest, decision.finding.reason) == (C, ATTEST_GATEWAY)


@pytest.mark.parametrize("kind", [ACCESS, CUSTOMER, DOMESTIC])
@pytest.mark.parametrize("wish", [B, C])
def test_a_lower_wish_is_honoured_and_never_raised(kind: TrunkKind, wish: Attestation) -> None:
    decision = asked(wish, kind=kind, right=RIGHT)
    assert (decision.attest, decision.finding.reason) == (wish, ATTEST_ASKED)


@pytest.mark.parametrize(
    "orig", ["999", "112", "101", "118118", "*31#", "4402079460123", "44207946", "442079460*23"]
)
def test_what_no_subscriber_can_call_from_never_gets_full(orig: str) -> None:
    decision = asked(A, orig=orig, right=RIGHT)
    assert (decision.attest, decision.finding.reason) == (B, ATTEST_LOWERED)
    assert asked(A, orig=orig, right=RIGHT, policy=REFUSE).attest is None


def test_a_number_of_a_country_without_a_pack_can_be_assigned() -> None:
    assert asked(A, orig="4930123456", right=RIGHT).attest is A


def test_policy_can_lower_further_but_not_to_full() -> None:
    assert asked(A, policy=AttestationPolicy(without_right=C)).attest is C
    with pytest.raises(ValueError, match="without_right"):
        AttestationPolicy(without_right=A)


policies = st.builds(
    AttestationPolicy,
    when_no_right=st.sampled_from(["lower", "refuse"]),
    without_right=st.sampled_from([B, C]),
)
rights = st.sampled_from([NO_RIGHT, RIGHT, RightToUse("registration", "t1"), RightToUse("inventory", "t2")])
numbers = st.sampled_from([LONDON, "999", "*31#", "4402079460123", "4930123456"]) | st.from_regex(
    r"[0-9*#]{1,15}", fullmatch=True
)


@given(st.sampled_from(list(Attestation)), numbers, st.sampled_from(TrunkKind), rights, policies)
def test_never_above_the_wish_and_full_only_with_the_right(
    wish: Attestation, orig: str, kind: TrunkKind, right: RightToUse, policy: AttestationPolicy
) -> None:
    decision = asked(wish, orig=orig, kind=kind, right=right, policy=policy)
    if decision.attest is None:
        assert wish is A
        assert policy.when_no_right == "refuse"
        return
    assert decision.attest >= wish  # "A" < "B" < "C"
    if decision.attest is A:
        assert right.holds_for("t1")
        assert kind is not INTERNATIONAL
        assert orig not in {"999", "*31#", "4402079460123"}
    if kind is INTERNATIONAL:
        assert decision.attest is C
