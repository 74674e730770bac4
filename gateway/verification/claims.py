"""A PASSporT's claims against the call: E14, E15, E19, E16 of ATIS-1000082, for every type.

`orig` is the caller in all types (RFC 8224 section 6.2 step 2; RFC 8946 section 4.2 step 3: equal in every
link). `dest` is who is being called, but for a call that was diverted: there it leads to the next link, and
only the outermost is held against the Request-URI (section 4.2 step 1).

Differs from RFC 8224 section 6.2: where the switch sends the Request-URI's number, a PASSporT that is no
diversion must name it too, not the To header alone. To is the caller's own word; with it alone, a header
taken from a call to one person could be used to call another (RFC 8946 section 1).

Differs from RFC 8946 section 4.2 step 4: every link must be fresh, not the outermost alone. `iat` is
retained by the links, so a genuine chain is; one that is not has been kept for another day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import Claims, ShakenClaims
from gateway.passport.diversion import DivClaims
from gateway.passport.integrity import check_integrity
from gateway.passport.passport import UnverifiedPassport
from gateway.passport.ppt import Ppt
from gateway.passport.priority import PSAP_CALLBACK, RphClaims
from gateway.passport.rich_call_data import RcdClaims
from gateway.reasons import (
    ATTEST_INVALID,
    CLAIM_INVALID,
    CLAIM_MISSING,
    DIV_CALLEE,
    IAT_STALE,
    RCD_INTEGRITY,
    RPH_MISMATCH,
    TN_MISMATCH,
    Finding,
)
from gateway.verification.call import VerificationRequest
from gateway.verification.outcome import Examined

ATTESTATIONS: Final = frozenset("ABC")


def check_claims(
    passport: UnverifiedPassport,
    request: VerificationRequest,
    *,
    ppt: Ppt,
    x5u: str,
    freshness_seconds: int,
    dialling: DiallingRules,
) -> Examined | Finding:
    """Hold the claims against the call; `dest` alone may be left to a chain of diversions (`elsewhere`).

    `ppt` is the type that `check_header` found in the header.
    """
    claims = passport.claims
    if not isinstance(claims, Claims):
        reason = CLAIM_MISSING if claims.missing else CLAIM_INVALID
        return Finding(reason, claims.problem, claims.claim)
    if abs(claims.iat - request.time) > freshness_seconds:
        return Finding(IAT_STALE, f"iat {claims.iat}, time {request.time}", "iat")
    if isinstance(claims, ShakenClaims):
        if claims.attest not in ATTESTATIONS:
            return Finding(ATTEST_INVALID, f"found {claims.attest!r}"[:80], "attest")
    else:
        refusal = _check_extension(claims, passport.payload, request)
        if refusal is not None:
            return refusal
    if _number(claims.orig, dialling) != request.orig or not request.orig:
        return Finding(TN_MISMATCH, "another calling number was signed", "orig")
    dests = _numbers(claims.dest, dialling)
    if not isinstance(claims, DivClaims):
        elsewhere = None
        if dests != request.dests or not dests:
            elsewhere = Finding(TN_MISMATCH, "other called numbers were signed", "dest")
        elif request.request_uri is not None and request.request_uri not in dests:
            elsewhere = Finding(TN_MISMATCH, "the call goes on to a number that was not signed", "dest")
        return Examined(passport, claims, x5u, ppt, request.orig, dests, elsewhere)
    diverted = _number(claims.div, dialling)
    if diverted is None or not dests:
        return Finding(CLAIM_INVALID, "only diversions between telephone numbers are followed", "div")
    return Examined(passport, claims, x5u, ppt, diverted, dests, _diverted_elsewhere(dests, request))


def _diverted_elsewhere(dests: frozenset[TelephoneNumber], request: VerificationRequest) -> Finding | None:
    """Hold a diversion's `dest` against the Request-URI, or the called numbers where it is not known."""
    asked = request.request_uri
    fits = dests == request.dests if asked is None else asked in dests
    return None if fits else Finding(DIV_CALLEE, "the diversion leads elsewhere", "dest")


def _check_extension(
    claims: Claims, payload: Mapping[str, object], request: VerificationRequest
) -> Finding | None:
    """What is particular to `rcd` (RFC 9795 section 9.2) and `rph` (RFC 8443 section 4, RFC 9027)."""
    if isinstance(claims, RcdClaims):
        problem = check_integrity(payload.get("rcd"), claims.rcd).problem
        return None if problem is None else Finding(RCD_INTEGRITY, problem, "rcdi")
    if isinstance(claims, RphClaims):
        asked = request.resource_priority
        if asked is not None and not {r_value.lower() for r_value in asked} <= set(claims.auth):
            return Finding(RPH_MISMATCH, "the call asks for more than was signed", "rph")
        if claims.sph is not None and request.priority not in (None, PSAP_CALLBACK):
            return Finding(RPH_MISMATCH, "the call's Priority is another one", "sph")
    return None


def _number(claimed: str | None, dialling: DiallingRules) -> TelephoneNumber | None:
    """Read in canonical form (RFC 8224 section 8.3); an unreadable claim is None and equals nothing."""
    if claimed is None:
        return None
    try:
        return canonical(claimed, dialling)
    except NumberError:
        return None


def _numbers(claimed: tuple[str, ...], dialling: DiallingRules) -> frozenset[TelephoneNumber]:
    """Read as a set: the order of `dest` carries no meaning (RFC 8225 section 9)."""
    try:
        return frozenset([canonical(tn, dialling) for tn in claimed])
    except NumberError:
        return frozenset()
