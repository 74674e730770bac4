"""The road of a call, top to bottom.

    generation  taken once, used to the end
    examine     all that needs no certificate, of every Identity header; fails cheap, no I/O
    chain       memory, the other nodes, the stranger's server; never past the deadline
    judge       chain, dates, authority, signature: of every PASSporT that is left
    conclude    several results, one answer: number, diversion, priority, name
    roaming     of a home mobile from abroad: asked at the start, beside all this
    knowledge   one batch for all calls in flight: reputation, replay, who called for help lately
    facts       operators' decisions, owners' registrations: node-local
    decide      the rules of the verdict
    journal     one record

An answer waits for what it is made of. A verdict is made of all of it (`judge_call`), the answer of a STI-VS
of what `conclude` says; the rest of its road is gone behind it (`behind.py`), for the journal and for what
other calls are told of this one. The exception is a home mobile from abroad of which the roaming check is
asked: its answer waits for that.

Signing is a road of its own (`signing.py`). What a dialect asked and how it is answered is
decided in `dialects/`; what a request may do in `admission.py`.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from gateway.calls.known import calling_number, known_of, question_of, remember_call_for_help
from gateway.calls.plane import Current, Plane
from gateway.certificates.use import believed_among
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.ppt import Ppt
from gateway.reasons import Finding
from gateway.verdicts.abroad import numbers_that_may_roam
from gateway.verdicts.call import Call, Known, Roaming
from gateway.verdicts.decide import decide
from gateway.verdicts.verdict import Verdict
from gateway.verification.conclude import HeaderResult, Verification, conclude
from gateway.verification.examine import ReadHeader, VerificationRequest, join_headers, read_header
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined, Outcome
from gateway.verification.profile import PROFILES
from gateway.verification.rich import prove

_STANDS_ALONE: Final = frozenset({Ppt.SHAKEN, None})
"""Types of which one header says by itself all there is; None: it could not be read, or is not taken."""

KEPT_FOR_EVIDENCE_SECONDS: Final = 0.025
"""Of a call's time, from the wait for a stranger's server: a batch of questions to Redis may take 20 ms."""


class AskedCall(msgspec.Struct, frozen=True, gc=False):
    """A call to verify, whatever dialect it was asked about in."""

    call: Call
    trunk: Trunk
    identities: tuple[str, ...]
    accepted: frozenset[Ppt]
    """The types of PASSporT the resource takes."""
    deadline: float
    """Loop time."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What became of a call that was verified."""

    verdict: Verdict
    verification: Verification
    known: Known


async def judge_call(plane: Plane, current: Current, asked: AskedCall) -> Judged:
    """Verify a call's Identity headers and decide what to do with it, by its deadline."""
    now = int(plane.clock())
    roaming = _ask_roaming(plane, current, asked)
    verification = await verify_call(plane, current, asked, now=now)
    call, trunk = asked.call, asked.trunk
    remember_call_for_help(plane, current, shown=call.shown, called=call.called, trunk=trunk)
    question = question_of(current, call, verification.outcome)
    evidence = await plane.knowledge.ask(question, deadline=asked.deadline)
    if roaming is not None:
        call = msgspec.structs.replace(call, roaming=await roaming)
        if call.roaming is Roaming.UNKNOWN:
            evidence = msgspec.structs.replace(evidence, degraded=("roaming", *evidence.degraded))
    known = known_of(plane, current, call, verification.outcome, evidence, now=now)
    policy = current.generation.policy.verdict
    verdict = decide(call, verification.outcome, known, policy, now=now, priority=verification.priority)
    return Judged(verdict, verification, known)


async def verify_call(plane: Plane, current: Current, asked: AskedCall, *, now: int) -> Verification:
    """Verify a call's Identity headers, by its deadline; `now` in epoch seconds."""
    policy, dialling, profile = current.verification, asked.trunk.dialling, PROFILES[asked.trunk.profile]
    requests: list[VerificationRequest] = []
    reads: list[ReadHeader] = []
    for identity in asked.identities:
        request = _request(asked.call, identity)
        requests.append(request)
        reads.append(
            read_header(
                request, policy=policy, dialling=dialling, now=now, accepted=asked.accepted, profile=profile
            )
        )
    if len(reads) == 1 and reads[0][1] in _STANDS_ALONE:
        # The plain call, which is nearly every call: nothing is to be joined or gathered.
        token, ppt, alone = reads[0]
        if isinstance(alone, Finding):
            outcome = Outcome.refused(alone)
        elif alone.elsewhere is not None:
            outcome = Outcome.refused(alone.elsewhere)
        else:
            outcome = await _judge(plane, current, asked, alone, now=now)
        rich = None if outcome.passport is None else prove(outcome.passport)
        return Verification(outcome, (HeaderResult(token, ppt, outcome),), rich=rich)
    examined = join_headers(requests, reads, policy=policy, dialling=dialling)
    links = [link for header in examined.headers for link in header.links]
    judged = await asyncio.gather(*(_judge(plane, current, asked, link, now=now) for link in links))
    outcomes = iter(judged)
    return conclude(examined, [[next(outcomes) for _ in header.links] for header in examined.headers])


async def _judge(
    plane: Plane, current: Current, asked: AskedCall, examined: Examined, *, now: int
) -> Outcome:
    """Judge one PASSporT; what its signature says of the chain at its x5u is kept."""
    trust = current.generation.trust
    credential = plane.chains.peek(examined.x5u, now, trust) or await plane.chains.get(
        examined.x5u, deadline=_for_strangers(asked.deadline), now=now, trust=trust
    )
    outcome = judge(examined, believed_among(asked.trunk.trust_domains, credential), now=now)
    if outcome.passport is not None:
        plane.chains.signature_passed(examined.x5u)
    elif outcome.finding.reason.case == "E18":
        plane.chains.look_again(examined.x5u, trust)
    return outcome


def _for_strangers(deadline: float) -> float:
    """Until when a certificate is waited for: what is known of the number is to be asked after that."""
    left = deadline - asyncio.get_running_loop().time()
    return deadline - min(KEPT_FOR_EVIDENCE_SECONDS, left / 4)


def _request(call: Call, identity: str) -> VerificationRequest:
    return VerificationRequest(
        orig=calling_number(call),
        dests=frozenset(call.dests),
        time=call.time,
        identity=identity,
        request_uri=call.request_uri,
        resource_priority=call.resource_priority,
        priority=call.priority,
    )


def numbers_abroad(plane: Plane, current: Current, asked: AskedCall) -> tuple[TelephoneNumber, ...]:
    """The calling numbers of which the roaming check is asked: only where its answer changes the verdict."""
    return (
        () if plane.roaming is None else numbers_that_may_roam(asked.call, current.generation.policy.verdict)
    )


def _ask_roaming(plane: Plane, current: Current, asked: AskedCall) -> asyncio.Task[Roaming] | None:
    """Asked beside everything else."""
    tns = numbers_abroad(plane, current, asked)
    if plane.roaming is None or not tns:
        return None
    return asyncio.create_task(plane.roaming.ask(tns, deadline=asked.deadline))
