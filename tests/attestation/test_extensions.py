from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.attestation.decide import TrunkKind
from gateway.attestation.extensions import (
    RichDecision,
    RichGrant,
    decide_diversion,
    decide_priority,
    decide_rich,
)
from gateway.attestation.inventory import NO_RIGHT, RightToUse
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import (
    SIGN_DIV_NUMBER,
    SIGN_GRANTED,
    SIGN_RCD_NUMBER,
    SIGN_RCD_OTHER,
    SIGN_RCD_UNGRANTED,
    SIGN_RPH_TRUNK,
)

LONDON = TelephoneNumber("442079460123")
RIGHT = RightToUse("inventory", "t1")
ACCESS, INTERNATIONAL = TrunkKind.ACCESS, TrunkKind.INTERNATIONAL
BANK = RichGrant(
    rcd={"nam": "Bank", "icn": "https://example.org/i.png", "jcl": "https://example.org/j.json"},
    source="brands.toml",
    rcdi={"/icn": "sha256-i", "/jcl": "sha256-j", "/jcl/1/2/3": "sha256-k"},
    call_reasons=frozenset({"Your card"}),
)


def rich(
    *,
    wish: dict[str, Any] | None = None,
    call_reason: str | None = None,
    right: RightToUse = RIGHT,
    kind: TrunkKind = ACCESS,
    grants: tuple[RichGrant, ...] = (BANK,),
) -> RichDecision:
    return decide_rich(
        LONDON,
        wish=wish,
        call_reason=call_reason,
        trunk_name="t1",
        trunk_kind=kind,
        right=right,
        grants=grants,
    )


# --- diversions ----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [TrunkKind.ACCESS, TrunkKind.CUSTOMER, TrunkKind.DOMESTIC])
def test_a_diversion_from_the_trunks_own_number_is_granted(kind: TrunkKind) -> None:
    finding = decide_diversion(LONDON, trunk_name="t1", trunk_kind=kind, right=RIGHT)
    assert finding.reason is SIGN_GRANTED
    assert "inventory" in finding.detail


@pytest.mark.parametrize(
    ("tn", "kind", "right"),
    [
        (LONDON, ACCESS, NO_RIGHT),
        (LONDON, ACCESS, RightToUse("inventory", "t2")),
        (LONDON, INTERNATIONAL, RIGHT),
        ("999", ACCESS, RIGHT),
        ("440000000000", ACCESS, RIGHT),
    ],
)
def test_a_diversion_from_any_other_number_is_not(tn: str, kind: TrunkKind, right: RightToUse) -> None:
    finding = decide_diversion(TelephoneNumber(tn), trunk_name="t1", trunk_kind=kind, right=right)
    assert finding.reason is SIGN_DIV_NUMBER
    assert finding.detail


# --- rich call data ------------------------------------------------------------------------------
def test_all_that_is_granted_is_signed_where_nothing_less_is_asked_for() -> None:
    decision = rich()
    assert decision.claims == {"rcd": BANK.rcd, "rcdi": BANK.rcdi}
    assert decision.finding.reason is SIGN_GRANTED
    assert rich(call_reason="Your card").claims == {"rcd": BANK.rcd, "rcdi": BANK.rcdi, "crn": "Your card"}


@pytest.mark.parametrize(
    ("members", "digests"),
    [
        ((), ()),
        (("nam",), ()),
        (("icn",), ("/icn",)),
        (("nam", "jcl"), ("/jcl", "/jcl/1/2/3")),
    ],
)
def test_digests_go_with_what_they_are_of(members: tuple[str, ...], digests: tuple[str, ...]) -> None:
    claims = rich(wish={member: BANK.rcd[member] for member in members}).claims
    assert claims is not None
    assert claims["rcd"] == {member: BANK.rcd[member] for member in {"nam", *members}}
    assert claims.get("rcdi", {}) == {pointer: BANK.rcdi[pointer] for pointer in digests}


@given(
    st.dictionaries(
        st.sampled_from(["nam", "icn", "jcl", "jcd", "apn", "x"]), st.text() | st.lists(st.text())
    )
)
def test_nothing_but_what_was_granted_is_ever_signed(wish: dict[str, Any]) -> None:
    decision = rich(wish=wish)
    granted = all(BANK.rcd.get(member) == value for member, value in wish.items())
    assert (decision.claims is not None) == granted
    assert decision.finding.reason is (SIGN_GRANTED if granted else SIGN_RCD_OTHER)


def test_a_reason_for_calling_is_one_of_those_granted() -> None:
    decision = rich(call_reason="Your card ")
    assert (decision.claims, decision.finding.reason) == (None, SIGN_RCD_OTHER)
    assert decision.finding.parameter == "crn"


@pytest.mark.parametrize("kind", TrunkKind)
@pytest.mark.parametrize("right", [NO_RIGHT, RightToUse("registration", "t2")])
def test_a_name_needs_the_right_to_the_number(kind: TrunkKind, right: RightToUse) -> None:
    decision = rich(kind=kind, right=right)
    assert (decision.claims, decision.finding.reason) == (None, SIGN_RCD_NUMBER)
    assert rich(kind=INTERNATIONAL).finding.reason is SIGN_RCD_NUMBER


def test_of_several_grants_the_first_that_holds_for_the_trunk_counts() -> None:
    elsewhere = RichGrant(rcd={"nam": "Elsewhere"}, source="brands.toml", trunks=frozenset({"t2"}))
    registered = RichGrant(rcd={"nam": "Registered"}, source="registration", trunks=frozenset({"t1"}))
    decision = rich(grants=(elsewhere, registered, BANK))
    assert decision.claims == {"rcd": {"nam": "Registered"}}
    assert "registration" in decision.finding.detail
    for grants in ((), (elsewhere,)):
        assert rich(grants=grants).finding.reason is SIGN_RCD_UNGRANTED


# --- priority ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("auth", "allowed", "granted"),
    [
        (("ets.0",), {"ets"}, True),
        (("ets.0", "wps.1"), {"ets", "wps"}, True),
        (("ets.0", "wps.1"), {"ets"}, False),
        (("ets.0",), set(), False),
        (("etsi.0",), {"ets"}, False),
    ],
)
def test_priority_is_for_trunks_that_have_its_namespace(
    auth: tuple[str, ...], allowed: set[str], granted: bool
) -> None:
    finding = decide_priority(auth, trunk_name="t1", allowed=allowed)
    assert finding.reason is (SIGN_GRANTED if granted else SIGN_RPH_TRUNK)
    assert "t1" in finding.detail
