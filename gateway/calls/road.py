"""The road of a call, top to bottom.

    generation  taken once, used to the end
    examine     all that needs no certificate, of every Identity header; fails cheap, no I/O
    chain       memory, the other nodes, the stranger's server; never past the deadline
    judge       chain, dates, authority, signature: of every PASSporT that is left
    conclude    several results, one answer: number, diversion, priority, name
    facts       operators' decisions, owners' registrations: node-local
    roaming     of a home mobile from abroad: asked at the start, beside all this
    knowledge   one batch for all calls in flight: reputation, replay, who called for help lately
    decide      the rules of the verdict
    journal     one record

Signing is a road of its own (`signing.py`). What a dialect asked and how it is answered is
decided in `dialects/`; what a request may do in `admission.py`.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from gateway.calls.plane import Current, Plane
from gateway.calls.rights import registered_number
from gateway.certificates.use import believed_among
from gateway.facts.values import FactsUnavailable
from gateway.generation.trunks import Trunk
from gateway.knowledge.question import UNKNOWN, Evidence, Passage, Question, ReplayClaim
from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.passport.ppt import Ppt
from gateway.reputation.entry import ReputationEntry
from gateway.reputation.path import path_of_call
from gateway.verdicts.abroad import numbers_that_may_roam
from gateway.verdicts.call import Call, Decision, Known, Registered, Roaming
from gateway.verdicts.decide import decide
from gateway.verdicts.emergency import callers_to_remember, numbers_called_back
from gateway.verdicts.policy import VerdictPolicy
from gateway.verdicts.verdict import Verdict
from gateway.verification.conclude import HeaderResult, Verification, conclude
from gateway.verification.examine import VerificationRequest, join_headers, read_header
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from gateway.verification.profile import PROFILES
from gateway.verification.rich import prove

KEPT_FOR_EVIDENCE_SECONDS: Final = 0.025
"""Of a call's time, from the wait for a stranger's server: a batch of questions to Redis may take 20 ms."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What became of a call that was verified."""

    verdict: Verdict
    verification: Verification
    known: Known


async def verify_call(
    plane: Plane,
    current: Current,
    *,
    call: Call,
    identities: tuple[str, ...],
    accepted: frozenset[Ppt],
    trunk: Trunk,
    deadline: float,
) -> Judged:
    """Verify a call's Identity headers and decide what to do with it, by `deadline` (loop time).

    `accepted` are the types of PASSporT the resource takes.
    """
    now = int(plane.clock())
    roaming = _ask_roaming(plane, current, call, deadline)
    verification = await _verify(
        plane,
        current,
        [_request(call, identity) for identity in identities],
        accepted=accepted,
        trunk=trunk,
        now=now,
        deadline=deadline,
    )
    facts = _facts(plane, current, call, now)
    remember_call_for_help(plane, current, shown=call.shown, called=call.called, trunk=trunk)
    evidence = await plane.knowledge.ask(_question(current, call, verification.outcome), deadline=deadline)
    if roaming is not None:
        call = msgspec.structs.replace(call, roaming=await roaming)
        if call.roaming is Roaming.UNKNOWN:
            facts = msgspec.structs.replace(facts, degraded=(*facts.degraded, "roaming"))
    known = Known(
        decisions=facts.decisions,
        registered=facts.registered,
        spcs=_spcs(verification.outcome) if facts.registered else (),
        is_own_signature=bool(facts.registered) and _is_own(current, verification.outcome),
        reputation=_entries(evidence),
        neighbours=tuple(evidence.blocks.items()),
        replay_calls=evidence.replay_distinct_calls,
        recent_emergency_caller=evidence.recent_emergency_caller,
        traffic=evidence.traffic,
        attestation_weight=_weight(plane, verification.outcome, now),
        degraded=(*facts.degraded, *evidence.degraded),
    )
    verdict = decide(
        call,
        verification.outcome,
        known,
        current.generation.policy.verdict,
        now=now,
        priority=verification.priority,
    )
    return Judged(verdict, verification, known)


async def _verify(
    plane: Plane,
    current: Current,
    requests: list[VerificationRequest],
    *,
    accepted: frozenset[Ppt],
    trunk: Trunk,
    now: int,
    deadline: float,
) -> Verification:
    policy, dialling, profile = current.verification, trunk.dialling, PROFILES[trunk.profile]
    reads = [
        read_header(request, policy=policy, dialling=dialling, now=now, accepted=accepted, profile=profile)
        for request in requests
    ]
    if len(reads) == 1:
        # The plain call, which is nearly every call: nothing is to be joined or gathered.
        token, ppt, alone = reads[0]
        if ppt is Ppt.SHAKEN and isinstance(alone, Examined) and alone.elsewhere is None:
            outcome = await _judge(plane, current, alone, trunk=trunk, now=now, deadline=deadline)
            rich = None if outcome.passport is None else prove(outcome.passport)
            return Verification(outcome, (HeaderResult(token, ppt, outcome),), rich=rich)
    examined = join_headers(requests, reads, policy=policy, dialling=dialling)
    links = [link for header in examined.headers for link in header.links]
    judged = await asyncio.gather(
        *(_judge(plane, current, link, trunk=trunk, now=now, deadline=deadline) for link in links)
    )
    outcomes = iter(judged)
    return conclude(examined, [[next(outcomes) for _ in header.links] for header in examined.headers])


async def _judge(
    plane: Plane, current: Current, examined: Examined, *, trunk: Trunk, now: int, deadline: float
) -> Outcome:
    """Judge one PASSporT; what its signature says of the chain at its x5u is kept."""
    trust = current.generation.trust
    credential = plane.chains.peek(examined.x5u, now, trust) or await plane.chains.get(
        examined.x5u, deadline=_for_strangers(deadline), now=now, trust=trust
    )
    outcome = judge(examined, believed_among(trunk.trust_domains, credential), now=now)
    if outcome.passport is not None:
        plane.chains.signature_passed(examined.x5u)
    elif outcome.finding.reason.case == "E18":
        plane.chains.look_again(examined.x5u, trust)
    return outcome


def _for_strangers(deadline: float) -> float:
    """Until when a certificate is waited for: what is known of the number is to be asked after that."""
    left = deadline - asyncio.get_running_loop().time()
    return deadline - min(KEPT_FOR_EVIDENCE_SECONDS, left / 4)


def _calling(call: Call) -> TelephoneNumber:
    """The presentation number is what was signed; an anonymous call's is its network number."""
    tn = call.orig if call.orig is not None else call.network_tn
    return tn if tn is not None else TelephoneNumber("")


def _request(call: Call, identity: str) -> VerificationRequest:
    return VerificationRequest(
        orig=_calling(call),
        dests=frozenset(call.dests),
        time=call.time,
        identity=identity,
        request_uri=call.request_uri,
        resource_priority=call.resource_priority,
        priority=call.priority,
    )


def _ask_roaming(plane: Plane, current: Current, call: Call, deadline: float) -> asyncio.Task[Roaming] | None:
    """Asked beside everything else, and only where the answer changes the verdict."""
    if plane.roaming is None:
        return None
    tns = numbers_that_may_roam(call, current.generation.policy.verdict)
    return asyncio.create_task(plane.roaming.ask(tns, deadline=deadline)) if tns else None


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
        decisions.extend(Decision(fact.action, fact.trunk_kind, fact.reason, tn) for fact in decided)
        registered.extend(registered_number(fact.declared, tn) for fact in owned)
    return _Facts(tuple(decisions), tuple(registered), ("facts",) if is_old else ())


def _spcs(outcome: Outcome) -> tuple[str, ...]:
    return () if outcome.chain is None else outcome.chain.spc


def _is_own(current: Current, outcome: Outcome) -> bool:
    """Whether the signature that passed is by the certificate this gateway signs with."""
    signer, chain = current.signer, outcome.chain
    return signer is not None and chain is not None and signer.fingerprint == chain.leaf_fingerprint


def _question(current: Current, call: Call, outcome: Outcome) -> Question:
    """Replay is claimed only for a signature that passed: nobody can spend another's PASSporT beforehand."""
    replay = None
    claims = None if outcome.passport is None else outcome.passport.claims
    if claims is not None and claims.orig is not None:
        replay = ReplayClaim(
            # Verified: what was signed is the call's own number.
            orig=_calling(call),
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


def _entries(evidence: Evidence) -> tuple[tuple[TelephoneNumber, ReputationEntry], ...]:
    return tuple(
        (tn, entry) for tn, entry in evidence.reputation.items() if entry is not None and entry is not UNKNOWN
    )
