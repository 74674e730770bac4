"""A `div-o` PASSporT taken apart: the diversions of a call one within the other (RFC 8946 sections 5, 6).

Each holds the PASSporT before its diversion whole, in `opt`, and so down to the one that says who called.
All of them become links to be judged, each under the certificate its own header names: a nested PASSporT
has no `info` beside it that its x5u could be compared with.

Differs from RFC 8946 section 6: that the outermost `dest` is who is being called is not optional here.
"""

from __future__ import annotations

from typing import Final

from gateway.certificates.x5u import check_x5u
from gateway.numbers.canonical import DiallingRules
from gateway.passport.diversion import DivOClaims
from gateway.passport.passport import PassportError, decode
from gateway.passport.ppt import Ppt
from gateway.reasons import DIV_BROKEN, DIV_LENGTH, DIV_LOOP, DIV_NESTED, Finding
from gateway.verification.call import VerificationRequest
from gateway.verification.claims import check_claims
from gateway.verification.diversion import MAX_DIVERSIONS, has_loop
from gateway.verification.header import check_header
from gateway.verification.outcome import Examined
from gateway.verification.policy import VerificationPolicy

_NESTED: Final = frozenset({Ppt.BASE, Ppt.SHAKEN, Ppt.RCD, Ppt.DIV_O})
"""What may stand in `opt`: another diversion, or what can say who called."""


def unnest(
    outer: Examined, request: VerificationRequest, *, policy: VerificationPolicy, dialling: DiallingRules
) -> tuple[Examined, ...] | Finding:
    """Give all PASSporTs of a `div-o`, outermost first, the undiverted one last, or what is wrong."""
    if outer.elsewhere is not None:
        return outer.elsewhere
    links = [outer]
    while isinstance(outer.claims, DivOClaims):
        if len(links) > MAX_DIVERSIONS:
            return Finding(DIV_LENGTH, f"found more than {MAX_DIVERSIONS}")
        inner = _read_nested(outer.claims.opt, request, policy=policy, dialling=dialling)
        if isinstance(inner, Finding):
            return inner
        if outer.tn not in inner.dests:
            return Finding(DIV_BROKEN, parameter="div")
        links.append(inner)
        outer = inner
    return Finding(DIV_LOOP) if has_loop(links[:-1]) else tuple(links)


def _read_nested(
    token: str, request: VerificationRequest, *, policy: VerificationPolicy, dialling: DiallingRules
) -> Examined | Finding:
    try:
        passport = decode(token)
    except PassportError as error:
        return Finding(DIV_NESTED, error.problem, "opt")
    ppt = passport.ppt
    if ppt is None or ppt not in _NESTED:
        return Finding(DIV_NESTED, "a PASSporT of its type cannot stand there", "opt")
    x5u = passport.header.get("x5u")
    if not isinstance(x5u, str):
        return Finding(DIV_NESTED, "it does not say where its certificate is", "opt")
    refusal = check_header(passport.header, ppt=ppt, x5u=x5u)
    if refusal is not None:
        return refusal
    examined = check_claims(
        passport, request, ppt=ppt, x5u=x5u, freshness_seconds=policy.freshness_seconds, dialling=dialling
    )
    if isinstance(examined, Finding):
        return examined
    return check_x5u(x5u, policy.x5u) or examined
