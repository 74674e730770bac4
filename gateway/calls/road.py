"""The road of a call, top to bottom.

    generation  taken once, used to the end
    examine     all that needs no certificate; fails cheap, no I/O
    chain       memory, the other nodes, the stranger's server; never past the deadline
    judge       chain, dates, signature
    facts       operators' decisions: node-local
    knowledge   one batch for all calls in flight: reputation, replay, who called for help lately
    decide      the rules of the verdict
    journal     one record

Signing is the same road with attestation in its middle. What a dialect asked and how it is answered is
decided in `dialects/`; what a request may do in `admission.py`.
"""

from __future__ import annotations

import asyncio

import msgspec

from gateway.attestation.decide import Attestation
from gateway.attestation.decide import decide as decide_attestation
from gateway.calls.dialects.atis import SigningRequest
from gateway.calls.plane import Current, Plane
from gateway.calls.signer import Signer
from gateway.facts.values import FactsUnavailable
from gateway.generation.trunks import Trunk
from gateway.knowledge.question import UNKNOWN, Evidence, Question, ReplayClaim
from gateway.numbers.canonical import TelephoneNumber, canonical
from gateway.reasons import Finding
from gateway.reputation.entry import ReputationEntry
from gateway.verdicts.call import Call, Decision, Known
from gateway.verdicts.decide import decide
from gateway.verdicts.emergency import callers_to_remember, numbers_called_back
from gateway.verdicts.verdict import Verdict
from gateway.verification.combine import combine
from gateway.verification.examine import VerificationRequest, examine
from gateway.verification.judge import judge
from gateway.verification.outcome import Outcome


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What became of a call that was verified."""

    verdict: Verdict
    outcome: Outcome
    evidence: Evidence


class Signed(msgspec.Struct, frozen=True, gc=False):
    """What became of a call to sign; `identity` is None where attestation was refused."""

    identity: str | None
    attest: Attestation | None
    finding: Finding


async def verify_call(
    plane: Plane, current: Current, *, call: Call, identities: tuple[str, ...], trunk: Trunk, deadline: float
) -> Judged:
    """Verify a call's Identity headers and decide what to do with it, by `deadline` (loop time)."""
    now = int(plane.clock())
    requests = [_request(call, identity) for identity in identities]
    if len(requests) == 1:
        outcome = await _verify(plane, current, requests[0], trunk=trunk, now=now, deadline=deadline)
    else:
        outcome = combine(
            await asyncio.gather(
                *(
                    _verify(plane, current, request, trunk=trunk, now=now, deadline=deadline)
                    for request in requests
                )
            )
        )
    decisions, degraded = _decisions(plane, call, now)
    _remember_call_for_help(plane, current, shown=call.shown, dests=call.dests, trunk=trunk)
    evidence = await plane.knowledge.ask(_question(current, call, outcome, trunk), deadline=deadline)
    known = Known(
        decisions=decisions,
        reputation=_entries(evidence),
        replay_calls=evidence.replay_distinct_calls,
        recent_emergency_caller=evidence.recent_emergency_caller,
        degraded=(*degraded, *evidence.degraded),
    )
    verdict = decide(call, outcome, known, current.generation.policy.verdict)
    return Judged(verdict, outcome, evidence)


async def _verify(
    plane: Plane, current: Current, request: VerificationRequest, *, trunk: Trunk, now: int, deadline: float
) -> Outcome:
    examined = examine(request, policy=current.verification, dialling=trunk.dialling, now=now)
    if isinstance(examined, Finding):
        return Outcome.refused(examined)
    trust = current.generation.trust
    credential = plane.chains.peek(examined.x5u, now, trust) or await plane.chains.get(
        examined.x5u, deadline=deadline, now=now, trust=trust
    )
    outcome = judge(examined, credential, now=now)
    if outcome.passport is not None:
        plane.chains.signature_passed(examined.x5u)
    elif outcome.finding.reason.case == "E18":
        plane.chains.look_again(examined.x5u, trust)
    return outcome


def sign_call(
    plane: Plane, current: Current, *, request: SigningRequest, signer: Signer, trunk: Trunk
) -> Signed:
    """Decide the attestation and sign; the wish is a wish, right to use decides.

    A call for help is noted whether it is signed or not; Redis is told, not asked.
    """
    policy = current.generation.policy
    _remember_call_for_help(plane, current, shown=(request.orig,), dests=request.dests, trunk=trunk)
    decision = decide_attestation(
        wish=request.wish,
        orig=request.orig,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=policy.inventory.right_to_use(request.orig, trunk.name),
        policy=policy.attestation,
    )
    if decision.attest is None:
        return Signed(None, None, decision.finding)
    identity = signer.sign_shaken(
        attest=decision.attest.value,
        dest=request.dests,
        iat=request.iat,
        orig=request.orig,
        origid=request.origid,
    )
    return Signed(identity, decision.attest, decision.finding)


def _request(call: Call, identity: str) -> VerificationRequest:
    """The presentation number is what was signed; an anonymous call's is its network number."""
    orig = call.orig if call.orig is not None else call.network_tn
    return VerificationRequest(
        orig=orig if orig is not None else TelephoneNumber(""),
        dests=frozenset(call.dests),
        time=call.time,
        identity=identity,
    )


def _decisions(plane: Plane, call: Call, now: int) -> tuple[tuple[Decision, ...], tuple[str, ...]]:
    found: list[Decision] = []
    for tn in call.shown:
        facts = plane.facts.decisions(tn, now=now)
        if isinstance(facts, FactsUnavailable):
            return (), ("facts",)
        found.extend(Decision(fact.action, fact.trunk_kind, fact.reason, tn) for fact in facts)
    return tuple(found), ()


def _question(current: Current, call: Call, outcome: Outcome, trunk: Trunk) -> Question:
    """Replay is claimed only for a signature that passed: nobody can spend another's PASSporT beforehand."""
    replay = None
    claims = None if outcome.passport is None else outcome.passport.claims
    if claims is not None and claims.orig is not None:
        replay = ReplayClaim(
            orig=canonical(claims.orig, trunk.dialling),
            dest=tuple(sorted(claims.dest)),
            iat=claims.iat,
            origid=outcome.origid or "",
            freshness_seconds=current.verification.freshness_seconds,
        )
    return Question(call_id=call.id, tns=call.shown, replay=replay, called=numbers_called_back(call))


def _remember_call_for_help(
    plane: Plane,
    current: Current,
    *,
    shown: tuple[TelephoneNumber, ...],
    dests: tuple[TelephoneNumber, ...],
    trunk: Trunk,
) -> None:
    policy = current.generation.policy.verdict.emergency
    callers = callers_to_remember(shown, dests, trunk_kind=trunk.kind, policy=policy)
    if callers:
        plane.knowledge.remember_callers_for_help(callers)


def _entries(evidence: Evidence) -> tuple[tuple[TelephoneNumber, ReputationEntry], ...]:
    return tuple(
        (tn, entry) for tn, entry in evidence.reputation.items() if entry is not None and entry is not UNKNOWN
    )
