"""What is looked up for a call besides its signature: what Redis is asked, and what it and the facts say."""

from __future__ import annotations

import msgspec

from gateway.calls.plane import Current, Plane
from gateway.calls.rights import registered_number
from gateway.facts.values import FactsUnavailable
from gateway.generation.trunks import Trunk
from gateway.knowledge.question import UNKNOWN, Evidence, Passage, Question, ReplayClaim
from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.reputation.entry import ReputationEntry
from gateway.reputation.path import path_of_call
from gateway.verdicts.call import Call, Decision, Known, Registered
from gateway.verdicts.emergency import callers_to_remember, numbers_called_back
from gateway.verdicts.policy import VerdictPolicy
from gateway.verification.outcome import Outcome


def calling_number(call: Call) -> TelephoneNumber:
    """The presentation number is what was signed; an anonymous call's is its network number."""
    tn = call.orig if call.orig is not None else call.network_tn
    return tn if tn is not None else TelephoneNumber("")


def question_of(current: Current, call: Call, outcome: Outcome) -> Question:
    """Replay is claimed only for a signature that passed: nobody can spend another's PASSporT beforehand."""
    replay = None
    claims = None if outcome.passport is None else outcome.passport.claims
    if claims is not None and claims.orig is not None:
        replay = ReplayClaim(
            # Verified: what was signed is the call's own number.
            orig=calling_number(call),
            dest=tuple(sorted(claims.dest)),
            iat=claims.iat,
            origid=outcome.origid or "",
            freshness_seconds=current.verification.freshness_seconds,
        )
    return Question(
        call_id=call.id,
        tns=call.shown,
        replay=replay,
        called=numbers_called_back(call),
        passage=_passage(current.generation.policy.verdict, call, outcome),
    )


def known_of(
    plane: Plane, current: Current, call: Call, outcome: Outcome, evidence: Evidence, *, now: int
) -> Known:
    """Everything that was looked up; `now` in epoch seconds."""
    facts = _facts(plane, current, call, now)
    return Known(
        decisions=facts.decisions,
        registered=facts.registered,
        spcs=_spcs(outcome) if facts.registered else (),
        is_own_signature=bool(facts.registered) and _is_own(current, outcome),
        reputation=_entries(evidence),
        neighbours=tuple(evidence.blocks.items()),
        replay_calls=evidence.replay_distinct_calls,
        recent_emergency_caller=evidence.recent_emergency_caller,
        traffic=evidence.traffic,
        attestation_weight=_weight(plane, outcome, now),
        degraded=(*facts.degraded, *evidence.degraded),
    )


def remember_call_for_help(
    plane: Plane,
    current: Current,
    *,
    shown: tuple[TelephoneNumber, ...],
    called: tuple[TelephoneNumber, ...],
    trunk: Trunk,
) -> None:
    """Note the caller of a call for help, who may be called back; Redis is told, not asked (RFC 7090)."""
    policy = current.generation.policy.verdict.emergency
    callers = callers_to_remember(shown, called, trunk_kind=trunk.kind, policy=policy)
    if callers:
        plane.knowledge.remember_callers_for_help(callers)


class _Facts(msgspec.Struct, frozen=True, gc=False):
    """What the node-local facts say of a call's numbers."""

    decisions: tuple[Decision, ...] = ()
    registered: tuple[Registered, ...] = ()
    degraded: tuple[str, ...] = ()


def _facts(plane: Plane, current: Current, call: Call, now: int) -> _Facts:
    is_old = (
        plane.facts.age_seconds(now=now) > current.generation.policy.attestation.registrations_hold_seconds
    )
    decisions: list[Decision] = []
    registered: list[Registered] = []
    for tn in call.shown:
        decided, owned = plane.facts.decisions(tn, now=now), plane.facts.registrations(tn, now=now)
        if isinstance(decided, FactsUnavailable) or isinstance(owned, FactsUnavailable):
            return _Facts(degraded=("facts",))
        if decided:
            decisions += [Decision(fact.action, fact.trunk_kind, fact.reason, tn) for fact in decided]
        if owned:
            registered += [registered_number(fact.declared, tn) for fact in owned]
    return _Facts(tuple(decisions), tuple(registered), ("facts",) if is_old else ())


def _spcs(outcome: Outcome) -> tuple[str, ...]:
    return () if outcome.chain is None else outcome.chain.spc


def _is_own(current: Current, outcome: Outcome) -> bool:
    """Whether the signature that passed is by the certificate this gateway signs with."""
    signer, chain = current.signer, outcome.chain
    return signer is not None and chain is not None and signer.fingerprint == chain.leaf_fingerprint


def _weight(plane: Plane, outcome: Outcome, now: int) -> float:
    """What an A is worth by its provider's scorecard; B and C claim nothing that could be worth less."""
    if outcome.attest != "A" or outcome.chain is None:
        return 1.0
    return min([plane.facts.weight_of_provider(spc, now=now) for spc in outcome.chain.spc], default=1.0)


def _passage(policy: VerdictPolicy, call: Call, outcome: Outcome) -> Passage | None:
    """The call as traffic of the number it shows; one without a full number is nobody's traffic."""
    if not call.shown or not is_international(call.shown[0]):
        return None
    called = call.called[0] if call.called else None
    return Passage(
        path=path_of_call(call.trunk_kind, outcome.verstat),
        tn=call.shown[0],
        called=called,
        is_honeypot=called is not None and bool(policy.honeypots.find(called)),
        window_seconds=policy.traffic.window_seconds,
    )


def _entries(evidence: Evidence) -> tuple[tuple[TelephoneNumber, ReputationEntry], ...]:
    known = evidence.reputation.items()
    return tuple([(tn, entry) for tn, entry in known if entry is not None and entry is not UNKNOWN])
