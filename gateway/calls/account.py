"""What is kept of an answered call: its counts, and one journal record, of which its log line is made."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import msgspec

from gateway import telemetry
from gateway.calls.plane import Current
from gateway.calls.road import AskedCall, Judged
from gateway.calls.signing import Signature, SignatureRequest, Signed, SigningRequest
from gateway.generation.trunks import Trunk
from gateway.journal import Credential, Grounds, Record
from gateway.passport.identity import MAX_PARAMETERS_CHARACTERS, refusable_part
from gateway.reasons import Verstat
from gateway.telemetry import Tallies
from gateway.verdicts.call import Call
from gateway.verdicts.verdict import Action
from gateway.verification.conclude import HeaderResult
from gateway.verification.outcome import Outcome

_Judgement: TypeAlias = tuple[str, str, Verstat, str, Action, str | None]
"""Trunk, resource, verstat and its reason, action and the reason that decided: what a call counts as."""
_Signing: TypeAlias = tuple[str, str, str, str]
"""Trunk, whether it was signed, the attestation and its reason: likewise of a call that was to be signed."""


class Account:
    """Counts the calls of one worker, and makes the records of them."""

    def __init__(self, *, worker: str) -> None:
        self._worker = worker
        self._tallies = Tallies()
        self._judged: dict[_Judgement, int] = {}
        self._signed: dict[_Signing, int] = {}

    def flush(self) -> None:
        """Hand over what was counted since the last time; to be called a few times a second."""
        judged, self._judged = self._judged, {}
        for (trunk, resource, verstat, reason, action, deciding), times in judged.items():
            self._tallies.count(telemetry.TRUNK_CALLS, trunk, action, times=times)
            self._tallies.count(telemetry.CALLS, resource, times=times)
            self._tallies.count(telemetry.VERIFICATIONS, verstat, reason, times=times)
            self._tallies.count(telemetry.VERDICTS, action, deciding or "none", times=times)
        signings, self._signed = self._signed, {}
        for (trunk, what, attest, reason), times in signings.items():
            self._tallies.count(telemetry.TRUNK_CALLS, trunk, what, times=times)
            self._tallies.count(telemetry.CALLS, "signing", times=times)
            self._tallies.count(telemetry.SIGNATURES, "shaken", attest, reason, times=times)
        self._tallies.flush()

    def told(self, events: int) -> None:
        """Count a batch of call events that was taken."""
        self._tallies.count(telemetry.CALLS, "call-events")
        telemetry.CALL_EVENTS.inc(events)

    def judged(
        self,
        *,
        resource: str,
        current: Current,
        asked: AskedCall,
        judged: Judged,
        started: float,
        elapsed: float,
        traceparent: str | None = None,
    ) -> Record:
        """Account for a call that was verified; `started` in epoch seconds, `elapsed` in seconds."""
        call, trunk = asked.call, asked.trunk
        verdict, outcome = judged.verdict, judged.verification.outcome
        reason = outcome.finding.reason.code
        deciding = None if verdict.deciding is None else verdict.deciding.reason.code
        judgement = (trunk.name, resource, outcome.verstat, reason, verdict.action, deciding)
        self._judged[judgement] = self._judged.get(judgement, 0) + 1
        self._tallies.took(resource, elapsed)
        for missing in verdict.degraded:
            self._tallies.count(telemetry.DEGRADED, missing)
        return Record(
            time=started,
            operation=resource,
            worker=self._worker,
            call_id=call.id,
            trunk=trunk.name,
            orig=call.orig,
            network_tn=call.network_tn,
            dests=call.dests,
            anonymous=call.anonymous,
            roaming=call.roaming,
            call_time=call.time,
            identities=_kept(asked.identities, judged.verification.headers),
            fingerprint=None if outcome.chain is None else outcome.chain.leaf_fingerprint,
            spcs=() if outcome.chain is None else outcome.chain.spc,
            verstat=outcome.verstat,
            reason=reason,
            action=verdict.action,
            deciding=deciding,
            score=verdict.score,
            degraded=verdict.degraded,
            grounds=_grounds(call, judged),
            credential=_credential(outcome),
            attest=verdict.attest,
            generation=current.number,
            digest=current.generation.digest,
            elapsed_ms=round(elapsed * 1000, 3),
            traceparent=traceparent,
        )

    def signed(
        self,
        *,
        call_id: str,
        current: Current,
        trunk: Trunk,
        request: SigningRequest,
        signed: Signed,
        started: float,
        elapsed: float,
        traceparent: str | None = None,
    ) -> Record:
        """Account for a call that was to be signed."""
        reason, attest = signed.finding.reason.code, signed.attest
        count = (trunk.name, "refused" if signed.identity is None else "signed", attest or "none", reason)
        self._signed[count] = self._signed.get(count, 0) + 1
        self._tallies.took("signing", elapsed)
        return Record(
            time=started,
            operation="signing",
            worker=self._worker,
            call_id=call_id,
            trunk=trunk.name,
            orig=request.orig,
            network_tn=None,
            dests=request.dests,
            call_time=request.iat,
            identities=() if signed.identity is None else (signed.identity,),
            reason=reason,
            wish=request.wish,
            attest=attest,
            generation=current.number,
            digest=current.generation.digest,
            elapsed_ms=round(elapsed * 1000, 3),
            traceparent=traceparent,
        )

    def signed_each(
        self,
        *,
        current: Current,
        trunk: Trunk,
        request: SignatureRequest,
        signatures: tuple[Signature, ...],
        started: float,
        elapsed: float,
        traceparent: str | None = None,
    ) -> Record:
        """Account for a call of which several types were to be signed; `reason` is the first one's."""
        call = request.call
        attest = next((each.attest for each in signatures if each.attest is not None), None)
        reason = signatures[0].finding.reason.code
        self._tallies.count(telemetry.CALLS, "signatures")
        self._tallies.took("signatures", elapsed)
        for each in signatures:
            given = each.attest or "none"
            self._tallies.count(telemetry.SIGNATURES, each.ppt, given, each.finding.reason.code)
        is_signed = any(each.identity is not None for each in signatures)
        self._tallies.count(telemetry.TRUNK_CALLS, trunk.name, "signed" if is_signed else "refused")
        return Record(
            time=started,
            operation="signatures",
            worker=self._worker,
            call_id=call.id,
            trunk=trunk.name,
            orig=request.orig,
            network_tn=call.network_tn,
            dests=request.dests,
            anonymous=call.anonymous,
            call_time=call.time,
            identities=tuple([each.identity for each in signatures if each.identity is not None]),
            reason=reason,
            reasons={each.ppt: each.finding.reason.code for each in signatures},
            earlier=tuple(map(_kept_of, request.identities)),
            signed=tuple([each.ppt for each in signatures if each.identity is not None]),
            attest=attest,
            generation=current.number,
            digest=current.generation.digest,
            elapsed_ms=round(elapsed * 1000, 3),
            traceparent=traceparent,
        )


def _kept(identities: tuple[str, ...], results: tuple[HeaderResult, ...]) -> tuple[str, ...]:
    """Give headers as they came; of those that could not be read, as much as has them refused again."""
    pairs = zip(identities, results, strict=True)
    return tuple([identity if result.token else _kept_of(identity) for identity, result in pairs])


def _kept_of(identity: str) -> str:
    """Give a header that could not be read, of a long one as much as has it refused again.

    To write all of it, and read it in the control process, is work that a stranger could ask for.
    """
    return identity if len(identity) <= MAX_PARAMETERS_CHARACTERS else refusable_part(identity)


def _credential(outcome: Outcome) -> Credential | None:
    chain = outcome.chain
    if chain is None:
        return None
    credential = _credential_of(chain.domain, chain.trust_digest, chain.revocation.fresh_until)
    if not outcome.warnings:
        return credential
    warnings = tuple([(each.reason.code, each.detail) for each in outcome.warnings])
    return msgspec.structs.replace(credential, warnings=warnings)


@lru_cache(maxsize=256)
def _credential_of(domain: str, trust_digest: str, lists_until: int | None) -> Credential:
    """Made once for all chains of which it says the same."""
    return Credential(domain=domain, trust_digest=trust_digest, lists_until=lists_until)


def _grounds(call: Call, judged: Judged) -> Grounds:
    finding, proven = judged.verification.outcome.finding, judged.verification.priority
    return Grounds(
        known=judged.known,
        trunk_kind=call.trunk_kind,
        finding=(finding.detail, finding.parameter),
        origid=judged.verdict.origid,
        request_uri=call.request_uri,
        resource_priority=call.resource_priority,
        priority=call.priority,
        proven=None
        if proven is None
        else (proven.verstat.value, proven.finding.reason.code, proven.auth, proven.sph),
    )
