"""All that can be said of an Identity header without its certificate: cheap, pure, first failure wins.

The order is that of ATIS-1000082 (E3, E4, E6, E7, E5, E9, E11, E12, E10, E13, E14, E15, E19, E16), so
that a token which already fails costs no look-up and no network; it differs from the order of RFC 8224
section 6.2, which obtains the certificate (step 3) before it looks at freshness (step 4).

RFC 8224 section 6.2 step 1 (is the `ppt` supported), step 2 (whose identity is claimed) and the
freshness half of step 4 are done here; `judge` does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import ClaimProblem, ShakenClaims, read_shaken_claims
from gateway.passport.identity import IdentityError, IdentityHeader, parse_identity
from gateway.passport.passport import PassportError, UnverifiedPassport, decode
from gateway.reasons import (
    ALG_PARAMETER_UNSUPPORTED,
    ALG_UNSUPPORTED,
    ATTEST_INVALID,
    CLAIM_INVALID,
    CLAIM_MISSING,
    HEADER_CLAIM_MISSING,
    HEADER_FORBIDDEN,
    IAT_STALE,
    IDENTITY_COMPACT,
    IDENTITY_MALFORMED,
    INFO_INVALID,
    INFO_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    TIME_STALE,
    TN_MISMATCH,
    TYP_UNSUPPORTED,
    X5U_MISMATCH,
    Finding,
)
from gateway.verification.outcome import Examined

REQUIRED_HEADER: Final = ("alg", "ppt", "typ", "x5u")
"""RFC 8588 section 3; the order in which a missing one is named."""

ATTESTATIONS: Final = frozenset("ABC")

FORBIDDEN_HEADER: Final = frozenset(
    {"crit", "b64", "jwk", "jku", "kid", "x5c", "x5t", "x5t#S256", "zip", "enc", "cty"}
)
"""RFC 7515 parameters that would choose another key or another reading of the signed bytes.

RFC 8225 section 4 uses none of them. Ignoring them would be safe for the ones that name a key, as the
key comes from x5u alone; a token that carries one was made to confuse some verifier, and `crit` must
not be ignored (RFC 7515 section 4.1.11).
"""


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """What the operator may set."""

    freshness_seconds: int = 60
    """How far `time` may be from the clock, and `iat` from `time`, either way (RFC 8224 section 6.2)."""
    x5u: X5uPolicy = field(default_factory=X5uPolicy)


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """One Identity header and the call it came with, numbers in canonical form."""

    orig: TelephoneNumber
    dests: frozenset[TelephoneNumber]
    time: int
    """The SIP Date of the call, epoch seconds."""
    identity: str
    """The Identity header's value as received."""


def examine(
    request: VerificationRequest, *, policy: VerificationPolicy, dialling: DiallingRules, now: int
) -> Examined | Finding:
    """Check everything that needs no certificate; `now` is the gateway's clock in epoch seconds."""
    if abs(now - request.time) > policy.freshness_seconds:
        return Finding(TIME_STALE, f"time {request.time}, clock {now}")
    try:
        identity = parse_identity(request.identity)
    except IdentityError as error:
        return Finding(IDENTITY_MALFORMED, error.problem)
    address = _check_parameters(identity, policy.x5u)
    if address.refusal is not None:
        return address.refusal
    try:
        passport = decode(identity.token)
    except PassportError as error:
        return Finding(IDENTITY_MALFORMED, error.problem)
    refusal = _check_header(passport.header, address.x5u)
    if refusal is not None:
        return refusal
    claims = _check_claims(passport, request, policy=policy, dialling=dialling)
    if isinstance(claims, Finding):
        return claims
    if address.forbidden is not None:
        return address.forbidden
    return Examined(passport, claims, address.x5u)


@dataclass(frozen=True, slots=True)
class _Address:
    """The info parameter: refused at once (E4-E7), or usable, or to be refused in E8's place."""

    x5u: str = ""
    refusal: Finding | None = None
    forbidden: Finding | None = None


def _check_parameters(identity: IdentityHeader, x5u_policy: X5uPolicy) -> _Address:
    """E4, E6, E7, E5 and the algorithm, in that order."""
    if identity.is_compact:
        return _Address(refusal=Finding(IDENTITY_COMPACT))
    if identity.info is None:
        return _Address(refusal=Finding(INFO_MISSING, parameter="info"))
    address = check_x5u(identity.info, x5u_policy)
    if not identity.info_is_bracketed:
        return _Address(refusal=Finding(INFO_INVALID, "the URI is not in angle brackets", "info"))
    if address is not None and address.reason is INFO_INVALID:
        return _Address(refusal=address)
    if identity.ppt != "shaken":
        found = "none" if identity.ppt is None else repr(identity.ppt)
        return _Address(refusal=Finding(PPT_PARAMETER_UNSUPPORTED, f"found {found}", "ppt"))
    # A missing alg means ES256 (RFC 8224 section 4.1).
    if identity.alg not in {None, "ES256"}:
        return _Address(refusal=Finding(ALG_PARAMETER_UNSUPPORTED, f"found {identity.alg!r}", "alg"))
    return _Address(x5u=identity.info, forbidden=address)


def _check_header(header: Mapping[str, object], x5u: str) -> Finding | None:
    """E9, E11, E12, E10, E13 (RFC 8225 section 4, RFC 8588 section 3)."""
    for name in REQUIRED_HEADER:
        if name not in header:
            return Finding(HEADER_CLAIM_MISSING, parameter=name)
    if header["typ"] != "passport":
        return Finding(TYP_UNSUPPORTED, f"found {header['typ']!r}"[:80], "typ")
    if header["alg"] != "ES256":
        return Finding(ALG_UNSUPPORTED, f"found {header['alg']!r}"[:80], "alg")
    if header["x5u"] != x5u:
        return Finding(X5U_MISMATCH, parameter="x5u")
    if header["ppt"] != "shaken":
        return Finding(PPT_UNSUPPORTED, f"found {header['ppt']!r}"[:80], "ppt")
    if not FORBIDDEN_HEADER.isdisjoint(header):
        return Finding(HEADER_FORBIDDEN, parameter=min(FORBIDDEN_HEADER.intersection(header)))
    return None


def _check_claims(
    passport: UnverifiedPassport,
    request: VerificationRequest,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
) -> ShakenClaims | Finding:
    """E14, E15, E19, E16."""
    claims = read_shaken_claims(passport.payload)
    if isinstance(claims, ClaimProblem):
        reason = CLAIM_MISSING if claims.missing else CLAIM_INVALID
        return Finding(reason, claims.problem, claims.claim)
    if abs(claims.iat - request.time) > policy.freshness_seconds:
        return Finding(IAT_STALE, f"iat {claims.iat}, time {request.time}", "iat")
    if claims.attest not in ATTESTATIONS:
        return Finding(ATTEST_INVALID, f"found {claims.attest!r}"[:80], "attest")
    if not _is_number(claims.orig, request.orig, dialling):
        return Finding(TN_MISMATCH, "another calling number was signed", "orig")
    if not _are_numbers(claims.dest, request.dests, dialling):
        return Finding(TN_MISMATCH, "other called numbers were signed", "dest")
    return claims


def _is_number(claimed: str | None, wanted: TelephoneNumber, dialling: DiallingRules) -> bool:
    """Compare in canonical form on both sides (RFC 8224 section 8.3); an unreadable claim equals nothing."""
    if claimed is None:
        return False
    try:
        return canonical(claimed, dialling) == wanted
    except NumberError:
        return False


def _are_numbers(
    claimed: tuple[str, ...], wanted: frozenset[TelephoneNumber], dialling: DiallingRules
) -> bool:
    """As sets: the order of `dest` carries no meaning (RFC 8225 section 9); none at all equals nothing."""
    try:
        return bool(claimed) and {canonical(tn, dialling) for tn in claimed} == wanted
    except NumberError:
        return False
