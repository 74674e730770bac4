"""Calls, outcomes and policies for the tests of this room: ordinary by default, remarkable where asked."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TypeVar

import msgspec
import pytest

from gateway.attestation.decide import TrunkKind
from gateway.certificates.chain import ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import UK
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.passport.signature import render_identity
from gateway.reasons import IDENTITY_MISSING, REASONS, RPH_MISMATCH, SIGNATURE_INVALID, VERIFIED, Finding
from gateway.reputation.entry import FeedEvidence, ReputationEntry
from gateway.verdicts.call import Call, Decision, Known
from gateway.verdicts.case import SECONDS_A_DAY
from gateway.verdicts.decide import decide
from gateway.verdicts.policy import Brand, DnoEntry, Effect, TreatmentPolicy, VerdictPolicy
from gateway.verdicts.verdict import Action, Verdict
from gateway.verification.examine import VerificationPolicy, VerificationRequest, examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from gateway.verification.priority import Priority, PriorityVerstat
from tests import pki
from tests.passport.keys import PAYLOAD, PRIVATE_KEY, X5U, signed

T = TypeVar("T")

NOW = PAYLOAD["iat"]
TODAY = NOW // SECONDS_A_DAY
CALLER = TelephoneNumber("442079460123")
OTHER = TelephoneNumber("441614960999")
CALLED = TelephoneNumber("441614960000")
MOBILE = TelephoneNumber("447700900123")
AMERICAN = TelephoneNumber("12155550123")
SPANISH = TelephoneNumber("34911234567")
PREMIUM = TelephoneNumber("449098790123")
IMPOSSIBLE = TelephoneNumber("440207946012")
POLICY = VerdictPolicy()
SCREENING = TreatmentPolicy(screening_uri="sip:screening@example.org")
EFFECTS = (
    (Effect.NONE, Action.ALLOW),
    (Effect.LABEL, Action.LABEL),
    (Effect.CHALLENGE, Action.CHALLENGE),
    (Effect.BLOCK, Action.BLOCK),
)
"""Each effect, and the action of a call where nothing else speaks."""
each_effect = pytest.mark.parametrize(("effect", "action"), EFFECTS)


def a_call(orig: str | None = CALLER, network: str | None = None, **how) -> Call:
    how.setdefault("trunk", "domestic-1")
    how.setdefault("trunk_kind", TrunkKind.DOMESTIC)
    dests = how.pop("dests", (CALLED,))
    return Call(
        id="call-1",
        time=how.pop("time", NOW),
        orig=None if orig is None else TelephoneNumber(orig),
        network_tn=None if network is None else TelephoneNumber(network),
        dests=tuple(map(TelephoneNumber, dests)),
        **how,
    )


def from_abroad(orig: str | None = CALLER, network: str | None = None, **how) -> Call:
    return a_call(orig, network, trunk="international-1", trunk_kind=TrunkKind.INTERNATIONAL, **how)


UNSIGNED = Outcome.refused(Finding(IDENTITY_MISSING))
FAILED = Outcome.refused(Finding(SIGNATURE_INVALID))
REFUSED = tuple(Outcome.refused(Finding(row)) for row in REASONS.values() if row.cause is not None)
"""Every way not to pass."""


SIGNED_PRIORITY = Priority(PriorityVerstat.PASSED, Finding(VERIFIED), ("ets.0",))
SIGNED_CALL_BACK = Priority(PriorityVerstat.PASSED, Finding(VERIFIED), ("esnet.1",), "psap-callback")
UNPROVEN = tuple(Priority(verstat, Finding(RPH_MISMATCH)) for verstat in list(PriorityVerstat)[1:])


@cache
def passed(attest: str = "A") -> Outcome:
    """A real one: an Outcome that passed cannot be made otherwise."""
    made = pki.make_pki(key=PRIVATE_KEY)
    trust = build_trust(anchors=[("root.pem", made.root.pem)])
    assert isinstance(trust, Trust)
    chain = validate(parse_chain(made.chain_pem), trust, NOW)
    assert isinstance(chain, ValidatedChain)
    request = VerificationRequest(
        orig=CALLER,
        dests=frozenset({CALLED}),
        time=NOW,
        identity=render_identity(signed({**PAYLOAD, "attest": attest}), X5U),
    )
    examined = examine(request, policy=VerificationPolicy(), dialling=UK.dialling, now=NOW)
    assert isinstance(examined, Examined)
    return judge(examined, chain, now=NOW)


def complaints(count: int, tn: str = CALLER, *, days_ago: int = 0) -> Known:
    """So many complaints about a number, all on one day."""
    day = TODAY - days_ago
    entry = ReputationEntry((FeedEvidence("ftc", count, float(count), day, day),), expires_day=TODAY + 700)
    return Known(reputation=((TelephoneNumber(tn), entry),))


def decided(action: str, tn: str = CALLER, trunk_kind: str | None = None, reason: str = "seen") -> Decision:
    return Decision(action, trunk_kind, reason, TelephoneNumber(tn))


def dno(*tns: str, expires_at: int | None = None, label: str = "HMRC", **policy) -> VerdictPolicy:
    entry = DnoEntry(label, "ofcom", expires_at=expires_at)
    rows = [(NumberRange(TelephoneNumber(tn)), entry) for tn in tns]
    return replace(POLICY, dno_entries=RangeMap(rows), **policy)


def brands(*named: tuple[str, str, frozenset[str]], **policy) -> VerdictPolicy:
    """Brands by name, number and their own trunks."""
    rows = []
    for name, tn, trunks in named:
        numbers = NumberRange(TelephoneNumber(tn))
        rows.append((numbers, Brand(name, "bank", (numbers,), trunks)))
    return replace(POLICY, brands=RangeMap(rows), **policy)


def verdict(
    call: Call | None = None,
    outcome: Outcome = UNSIGNED,
    known: Known | None = None,
    policy: VerdictPolicy = POLICY,
    *,
    now: int = NOW,
    priority: Priority | None = None,
) -> Verdict:
    return decide(call or a_call(), outcome, known or Known(), policy, now=now, priority=priority)


def codes(found: Verdict) -> list[str]:
    return [hit.reason.code for hit in found.hits]


def deciding(found: Verdict) -> str | None:
    return None if found.deciding is None else found.deciding.reason.code


def replace(value: T, **changes: object) -> T:
    """The value with some members changed, whichever of the two kinds of frozen value it is."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)
