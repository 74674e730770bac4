"""One Identity header, or a PASSporT within one, looked at further than the gateway would.

The gateway stops at the first check that fails. Whoever asks why a header failed wants to know the rest
too, so where only the call's own data refuse (its time, its numbers, its priority) the checks go on with the
token's own in their place, and the signature is checked against whatever certificate is at hand. Every check
is the one that calls go through (`gateway.verification`, `gateway.certificates`); this file decides only how
often they are asked, and with what. What the call as a whole comes to is `call_inspection.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import msgspec
from cryptography import x509

from gateway.certificates.chain import ChainError, Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.path import Path as ChainPath
from gateway.certificates.path import find_path
from gateway.certificates.trust import Trust
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import Claims
from gateway.passport.identity import IdentityError, IdentityHeader, parse_identity
from gateway.passport.passport import PassportError, UnverifiedPassport, decode
from gateway.passport.signature import verify
from gateway.reasons import (
    CREDENTIAL_UNREADABLE,
    IAT_STALE,
    IDENTITY_MALFORMED,
    RPH_MISMATCH,
    SIGNATURE_INVALID,
    TN_MISMATCH,
    Finding,
)
from gateway.verification.call import VerificationRequest
from gateway.verification.examine import examine_link
from gateway.verification.judge import judge
from gateway.verification.outcome import Examined
from gateway.verification.policy import EVERY_TYPE, VerificationPolicy
from gateway.verification.profile import ATIS, Profile

_MOST_ROUNDS: Final = 5
"""Another time, another caller, another priority (of two kinds); and the round that finds nothing more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What could be read of a header; a part is None when reading stopped before or in it."""

    identity: IdentityHeader | None
    """None also of a PASSporT within another."""
    passport: UnverifiedPassport | None
    claims: Claims | None
    stopped: IdentityError | PassportError | None
    """Where and why reading stopped."""

    @property
    def is_compact(self) -> bool:
        """Whether the header holds a signature alone, without the token's header and claims."""
        return self.identity is not None and self.identity.is_compact


@dataclass(frozen=True, slots=True)
class Examination:
    """What `examine` found, asked again until it had nothing more to say."""

    request: VerificationRequest
    """The call as it was given, or assumed."""
    now: int
    """The moment judged at, epoch seconds."""
    freshness_seconds: int
    findings: tuple[Finding, ...]
    examined: Examined | None
    """None when something in the header itself refuses."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate chain, judged; or why there is none."""

    source: str
    """Where it came from, in words."""
    judged: ValidatedChain | Refusal | Finding
    certificates: tuple[x509.Certificate, ...] = ()
    """Leaf first; the path to the anchor where there is one, otherwise as served."""
    is_anchored: bool = False
    """Whether the last of them is a trust anchor."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything there is to say of one PASSporT."""

    value: str
    """The Identity header's; empty of a PASSporT within another."""
    parts: Parts
    examination: Examination
    credential: Credential | None
    """None when none was looked for: the header itself refuses."""
    signature_fits: bool | None
    """None when there was no key to check it with."""
    findings: tuple[Finding, ...]
    """All that refuses."""
    nested: tuple[Inspection, ...] = ()
    """Of a `div-o`: the PASSporTs within it, outermost first."""


def read_parts(value: str) -> Parts:
    """Read as much of the header as can be read."""
    try:
        identity = parse_identity(value)
    except IdentityError as error:
        return Parts(None, None, None, error)
    try:
        passport = decode(identity.token)
    except PassportError as error:
        return Parts(identity, None, None, error)
    return Parts(identity, passport, _claims(passport), None)


def nested_parts(passport: UnverifiedPassport) -> Parts:
    """The same of a PASSporT that another has within it."""
    return Parts(None, passport, _claims(passport), None)


def number(text: str | None, dialling: DiallingRules) -> TelephoneNumber:
    """Read a number that was signed; what is none becomes the empty one, which fits nothing."""
    try:
        return canonical(text or "", dialling)
    except NumberError:
        return TelephoneNumber("")


def examine_on(
    request: VerificationRequest,
    claims: Claims | None,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    profile: Profile = ATIS,
) -> Examination:
    """Examine the header, going on with the token's own time and numbers where the call's refuse."""
    findings: list[Finding] = []
    asked, at = request, now
    for _ in range(_MOST_ROUNDS):
        result = examine_link(
            asked, policy=policy, dialling=dialling, now=at, accepted=EVERY_TYPE, profile=profile
        )
        if isinstance(result, Examined):
            return Examination(request, now, policy.freshness_seconds, tuple(findings), result)
        if any(result.reason is known.reason and result.parameter == known.parameter for known in findings):
            break
        findings.append(result)
        if claims is None:
            break
        if result.reason is IAT_STALE:
            asked, at = msgspec.structs.replace(asked, time=claims.iat), claims.iat
        elif result.reason is TN_MISMATCH and result.parameter == "orig":
            asked = msgspec.structs.replace(asked, orig=number(claims.orig, dialling))
        elif result.reason is RPH_MISMATCH:
            rph = result.parameter == "rph"
            change = {"resource_priority": None} if rph else {"priority": None}
            asked = msgspec.structs.replace(asked, **change)
        else:
            break
    return Examination(request, now, policy.freshness_seconds, tuple(findings), None)


def judge_chain(
    pem: bytes, *, trust: Trust, now: int, source: str, warnings: tuple[Finding, ...] = ()
) -> Credential:
    """Judge what an x5u serves, or a file in its place."""
    try:
        served = parse_chain(pem)
    except ChainError as error:
        return Credential(source, Refusal((Finding(CREDENTIAL_UNREADABLE, str(error)),)))
    judged = validate(served, trust, now)
    if isinstance(judged, Refusal) and judged.missing_lists:
        # A node would fetch it; what one has fetched is part of `trust`, and nothing more is fetched here.
        unobtainable = [missing.url for missing in judged.missing_lists]
        judged = validate(served, trust, now, unobtainable=unobtainable)
    if isinstance(judged, ValidatedChain):
        judged = replace(judged, warnings=(*judged.warnings, *warnings))
    path = find_path(served[0], served[1:], trust, now=now)
    if isinstance(path, ChainPath):
        return Credential(source, judged, path.certificates, is_anchored=True)
    return Credential(source, judged, served)


def inspect(value: str, parts: Parts, examination: Examination, credential: Credential | None) -> Inspection:
    """Put together what there is to say of one PASSporT by itself."""
    findings = list(examination.findings)
    if parts.stopped is not None and not parts.is_compact:
        findings.append(Finding(IDENTITY_MALFORMED, parts.stopped.problem))
    if credential is not None and examination.examined is not None:
        outcome = judge(examination.examined, credential.judged, now=examination.now)
        if outcome.passport is None:
            findings.append(outcome.finding)
    fits = _signature_fits(parts, credential)
    if credential is not None and isinstance(credential.judged, Refusal):
        findings += credential.judged.findings
    if fits is False:
        findings.append(Finding(SIGNATURE_INVALID))
    return Inspection(
        value=value,
        parts=parts,
        examination=examination,
        credential=credential,
        signature_fits=fits,
        findings=tuple(dict.fromkeys(findings)),
    )


def _claims(passport: UnverifiedPassport) -> Claims | None:
    return passport.claims if isinstance(passport.claims, Claims) else None


def _signature_fits(parts: Parts, credential: Credential | None) -> bool | None:
    """Whether the leaf's key made the signature, trusted or not."""
    if parts.passport is None or parts.claims is None or credential is None or not credential.certificates:
        return None
    key = credential.certificates[0].public_key()
    return verify(parts.passport, key) is not None
