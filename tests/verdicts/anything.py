"""Any call, anything known of it, any outcome and any policy, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.reputation.entry import FeedEvidence, ReputationEntry
from gateway.verdicts.call import Call, Decision, Known, Roaming
from gateway.verdicts.policy import (
    Brand,
    CountryPack,
    DnoEntry,
    Effect,
    EmergencyPolicy,
    Redress,
    ReplayPolicy,
    ReputationPolicy,
    TreatmentPolicy,
    UnknownRoaming,
    VerdictPolicy,
)
from tests.verdicts.cases import (
    AMERICAN,
    CALLED,
    CALLER,
    IMPOSSIBLE,
    MOBILE,
    NOW,
    OTHER,
    PREMIUM,
    REFUSED,
    SIGNED_CALL_BACK,
    SIGNED_PRIORITY,
    SPANISH,
    TODAY,
    UNPROVEN,
    passed,
)

NUMBERS = st.sampled_from(
    [CALLER, OTHER, CALLED, MOBILE, AMERICAN, SPANISH, PREMIUM, IMPOSSIBLE, "999", "112", "*21#", "0", ""]
).map(TelephoneNumber)
CALLS = st.builds(
    Call,
    id=st.just("call-1"),
    trunk=st.sampled_from(["a", "b"]),
    trunk_kind=st.sampled_from(TrunkKind),
    time=st.sampled_from([0, 1, NOW, 2**53]),
    orig=st.none() | NUMBERS,
    network_tn=st.none() | NUMBERS,
    dests=st.lists(NUMBERS, max_size=3).map(tuple),
    anonymous=st.booleans(),
    roaming=st.sampled_from(Roaming),
    request_uri=st.none() | NUMBERS,
    resource_priority=st.sampled_from([None, frozenset(), frozenset({"ets.0"})]),
)
ENTRIES = st.builds(
    lambda count, weight, day: ReputationEntry(
        (FeedEvidence("ftc", count, weight * count, day, day),), TODAY + 100
    ),
    st.integers(1, 10**9),
    st.floats(0, 1),
    st.integers(0, 100_000),
)
KNOWN = st.builds(
    Known,
    decisions=st.lists(
        st.builds(
            Decision,
            action=st.sampled_from(["allow", "label", "challenge", "block", "none", "unknown"]),
            trunk_kind=st.none() | st.sampled_from([*TrunkKind, "unknown"]),
            reason=st.text(max_size=5),
            tn=NUMBERS,
        ),
        max_size=3,
    ).map(tuple),
    reputation=st.lists(st.tuples(NUMBERS, ENTRIES), max_size=2).map(tuple),
    replay_calls=st.none() | st.integers(0, 256),
    recent_emergency_caller=st.sampled_from([False, False, True, None]),
    degraded=st.sampled_from([(), ("reputation",), ("facts", "replay")]),
)
A_RANGE = NUMBERS.filter(bool).map(NumberRange)
EFFECT = st.sampled_from(Effect)
SCORE = st.none() | st.floats(0.01, 1)
POLICIES = st.builds(
    VerdictPolicy,
    stir_failed=EFFECT,
    dno=EFFECT,
    brand=EFFECT,
    invalid_number=EFFECT,
    home_number_from_abroad=EFFECT,
    home_mobile_not_roaming=EFFECT,
    home_mobile_roaming_unknown=st.sampled_from(UnknownRoaming),
    reputation=st.builds(ReputationPolicy, SCORE, SCORE, SCORE),
    replay=st.builds(ReplayPolicy, EFFECT, st.integers(1, 10)),
    treatment=st.builds(
        TreatmentPolicy,
        st.sampled_from(CountryPack),
        st.builds(Redress, url=st.none() | st.just("https://example.org")),
        st.none() | st.just("sip:screening@example.org"),
    ),
    emergency=st.builds(
        EmergencyPolicy,
        st.just(frozenset({TelephoneNumber("999")})),
        st.lists(A_RANGE, max_size=1).map(tuple),
    ),
    dno_entries=st.lists(
        st.tuples(
            A_RANGE, st.builds(DnoEntry, st.just("x"), st.just("y"), st.just(""), st.none() | st.just(NOW))
        ),
        max_size=2,
    ).map(RangeMap),
    brands=st.lists(
        A_RANGE.flatmap(
            lambda numbers: st.sampled_from(
                [
                    (numbers, Brand("b", "bank", (numbers,), frozenset())),
                    (numbers, Brand("b", "bank", (numbers,), frozenset({"a"}))),
                ]
            )
        ),
        max_size=2,
    ).map(RangeMap),
)
PRIORITIES = st.sampled_from([None, None, SIGNED_PRIORITY, SIGNED_CALL_BACK, *UNPROVEN])
OUTCOMES = st.sampled_from(REFUSED) | st.sampled_from("ABC").map(passed)
