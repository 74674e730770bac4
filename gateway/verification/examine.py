"""All that can be said of a call's Identity headers without a certificate: cheap, pure, first failure wins.

The order is that of ATIS-1000082 (E3, E4, E6, E7, E5, E9, E11, E12, E10, E13, E14, E15, E19, E16), so
that a token which already fails costs no look-up and no network; it differs from the order of RFC 8224
section 6.2, which obtains the certificate (step 3) before it looks at freshness (step 4).

RFC 8224 section 6.2 step 1 (is the `ppt` supported), step 2 (whose identity is claimed) and the
freshness half of step 4 are done here; `judge` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.numbers.canonical import DiallingRules
from gateway.passport.identity import IdentityError, parse_identity
from gateway.passport.passport import PassportError, decode
from gateway.passport.ppt import Ppt, ppt_of_parameter
from gateway.reasons import DIV_ALONE, DIV_LENGTH, DIV_LOOP, IDENTITY_MALFORMED, TIME_STALE, Finding
from gateway.verification.call import VerificationRequest
from gateway.verification.claims import ATTESTATIONS, check_claims
from gateway.verification.diversion import DIVERSIONS, MAX_DIVERSIONS, Chain, arrange
from gateway.verification.header import check_header, check_parameters
from gateway.verification.nesting import unnest
from gateway.verification.outcome import Examined
from gateway.verification.policy import EVERY_TYPE, SHAKEN_ONLY, VerificationPolicy
from gateway.verification.profile import ATIS, Profile

__all__ = [
    "ATTESTATIONS",
    "EVERY_TYPE",
    "SHAKEN_ONLY",
    "ExaminedCall",
    "ExaminedHeader",
    "VerificationPolicy",
    "VerificationRequest",
    "examine",
    "examine_each",
    "examine_link",
    "join_headers",
    "read_header",
]


MAX_NESTED: Final = 2 * MAX_DIVERSIONS
"""PASSporTs within the `div-o` of one call: a chain for `shaken` and one for `rcd`. Each can name another
certificate, and a call with ten such headers would have the gateway fetch sixty."""


@dataclass(frozen=True, slots=True)
class ExaminedHeader:
    """One Identity header: what is to be judged of it, or why nothing is."""

    token: str
    """As received, by which an answer names the header (RFC 9410); empty when it could not be read."""
    ppt: Ppt | None
    """None when the header could not be read or its type is not taken."""
    links: tuple[Examined, ...] = ()
    """What is to be judged: one PASSporT; of a `div-o` also those within it, outermost first."""
    finding: Finding | None = None
    """Why there is nothing to judge."""


@dataclass(frozen=True, slots=True)
class ExaminedCall:
    """All Identity headers of a call, in the order received."""

    headers: tuple[ExaminedHeader, ...]
    diversion: Chain | Finding | None = None
    """How the call's `div` PASSporTs join, or why they do not; None when there are none."""


def examine(
    request: VerificationRequest,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    accepted: frozenset[Ppt] = SHAKEN_ONLY,
    profile: Profile = ATIS,
) -> Examined | Finding:
    """Check one header that stands alone; `now` is the gateway's clock in epoch seconds.

    `accepted` are the types the resource takes. What only a chain of diversions could make good is refused.
    """
    _, _, result = read_header(
        request, policy=policy, dialling=dialling, now=now, accepted=accepted, profile=profile
    )
    if isinstance(result, Finding):
        return result
    if result.ppt in DIVERSIONS:
        return Finding(DIV_ALONE)
    return result if result.elsewhere is None else result.elsewhere


def examine_link(
    request: VerificationRequest,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    accepted: frozenset[Ppt] = SHAKEN_ONLY,
    profile: Profile = ATIS,
) -> Examined | Finding:
    """Check one header as one of several: what another could make good is left open in `elsewhere`."""
    return read_header(
        request, policy=policy, dialling=dialling, now=now, accepted=accepted, profile=profile
    )[2]


def examine_each(
    requests: Sequence[VerificationRequest],
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    accepted: frozenset[Ppt] = SHAKEN_ONLY,
    profile: Profile = ATIS,
) -> ExaminedCall:
    """Check every header of one call, and how its diversions join; the requests differ in `identity` alone.

    Whatever is refused has no `links`: nothing needs to be fetched for it.
    """
    reads = [
        read_header(request, policy=policy, dialling=dialling, now=now, accepted=accepted, profile=profile)
        for request in requests
    ]
    return join_headers(requests, reads, policy=policy, dialling=dialling)


def join_headers(
    requests: Sequence[VerificationRequest],
    reads: Sequence[ReadHeader],
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
) -> ExaminedCall:
    """Put together what `read_header` gave for each of the requests."""
    headers: list[ExaminedHeader] = []
    nested = 0
    for request, read in zip(requests, reads, strict=True):
        header = _with_nested(read, request, policy, dialling)
        nested += len(header.links) - 1 if header.links else 0
        if nested > MAX_NESTED and header.ppt is Ppt.DIV_O:
            header = ExaminedHeader(header.token, header.ppt, finding=Finding(DIV_LENGTH))
        headers.append(header)
    diversion = _arrange(headers)
    return ExaminedCall(tuple([_without_work(header, diversion) for header in headers]), diversion)


ReadHeader: TypeAlias = tuple[str, Ppt | None, Examined | Finding]
"""Token, type and result, as ExaminedHeader has them; a tuple, because every call makes one."""


def read_header(
    request: VerificationRequest,
    *,
    policy: VerificationPolicy,
    dialling: DiallingRules,
    now: int,
    accepted: frozenset[Ppt],
    profile: Profile,
) -> ReadHeader:
    """Check one header by itself; what others could make good is left open in `elsewhere`."""
    if abs(now - request.time) > policy.freshness_seconds:
        return "", None, Finding(TIME_STALE, f"time {request.time}, clock {now}")
    try:
        identity = parse_identity(request.identity)
    except IdentityError as error:
        return "", None, Finding(IDENTITY_MALFORMED, error.problem)
    token = identity.token
    ppt = ppt_of_parameter(identity.ppt)
    if ppt not in accepted:
        ppt = None
    parameters = check_parameters(identity, ppt=ppt, profile=profile, x5u_policy=policy.x5u)
    if isinstance(parameters, Finding):
        return token, ppt, parameters
    ppt = parameters.ppt
    try:
        passport = decode(token)
    except PassportError as error:
        return token, ppt, Finding(IDENTITY_MALFORMED, error.problem)
    refusal = check_header(passport.header, ppt=ppt, x5u=parameters.x5u)
    if refusal is not None:
        return token, ppt, refusal
    examined = check_claims(
        passport,
        request,
        ppt=ppt,
        x5u=parameters.x5u,
        freshness_seconds=policy.freshness_seconds,
        dialling=dialling,
    )
    if parameters.forbidden is None or isinstance(examined, Finding):
        return token, ppt, examined
    if examined.elsewhere is None or ppt in DIVERSIONS:
        return token, ppt, parameters.forbidden
    return token, ppt, examined.elsewhere


def _with_nested(
    read: ReadHeader, request: VerificationRequest, policy: VerificationPolicy, dialling: DiallingRules
) -> ExaminedHeader:
    token, ppt, result = read
    if isinstance(result, Finding):
        return ExaminedHeader(token, ppt, finding=result)
    if ppt is not Ppt.DIV_O:
        return ExaminedHeader(token, ppt, (result,))
    links = unnest(result, request, policy=policy, dialling=dialling)
    if isinstance(links, Finding):
        return ExaminedHeader(token, ppt, finding=links)
    return ExaminedHeader(token, ppt, links)


def _arrange(headers: Sequence[ExaminedHeader]) -> Chain | Finding | None:
    """Join the `div` PASSporTs; one that is refused breaks the chain and says why (RFC 8946 section 4.2)."""
    diverted = {place: header for place, header in enumerate(headers) if header.ppt is Ppt.DIV}
    if not diverted:
        return None
    for header in diverted.values():
        if header.finding is not None:
            return header.finding
    links = {place: header.links[0] for place, header in diverted.items()}
    origins = [header.links[0] for header in headers if header.links and header.ppt not in DIVERSIONS]
    return arrange(links, origins)


def _without_work(header: ExaminedHeader, diversion: Chain | Finding | None) -> ExaminedHeader:
    """Refuse what no chain can make good, so that nothing is fetched for it."""
    if header.finding is not None or header.ppt is Ppt.DIV_O:
        return header
    if header.ppt is Ppt.DIV:
        finding = diversion if isinstance(diversion, Finding) else None
    elif isinstance(diversion, Finding) and diversion.reason is DIV_LOOP:
        # RFC 8946 section 4.2 lets a PASSporT without div be validated though the chain is not. Here it is
        # not: a call that has come back to where it was is no call its first signer knows of.
        finding = diversion
    elif isinstance(diversion, Chain) and diversion.start in header.links[0].dests:
        finding = None
    else:
        finding = header.links[0].elsewhere
    return header if finding is None else ExaminedHeader(header.token, header.ppt, finding=finding)
