"""The road of a call to be signed: which PASSporTs it may carry, and their Identity headers.

    generation  taken once, used to the end
    right       inventory, brands and registrations: whose number, which words
    decide      per type, by `gateway.attestation`: a wish is a wish
    sign        with the gateway's own key, one header for each type that was granted

Nothing is waited for: no Redis, no stranger's server, also for the certificates of the Identity headers that
a diversion stands behind (`gateway.verification.onward` says why).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, TypeAlias

import msgspec

from gateway.attestation.decide import Attestation, decide
from gateway.attestation.extensions import decide_diversion, decide_priority, decide_rich
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.known import remember_call_for_help
from gateway.calls.plane import Current, Plane
from gateway.calls.rights import Rights
from gateway.calls.signer import Signer
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.canonical_json import render_json
from gateway.passport.claims import render_shaken
from gateway.passport.ppt import Ppt
from gateway.reasons import POLICY_ERROR, SIGN_GRANTED, Finding
from gateway.verdicts.call import Call
from gateway.verification.examine import VerificationRequest
from gateway.verification.onward import retained_iat
from gateway.verification.profile import PROFILES


class SigningRequest(msgspec.Struct, frozen=True, gc=False):
    """A `shaken` PASSporT to sign, numbers in canonical form."""

    wish: Attestation
    orig: TelephoneNumber
    dests: tuple[TelephoneNumber, ...]
    """Sorted, without repetition: the order RFC 8225 section 9 signs them in."""
    iat: int
    origid: str


class Signed(msgspec.Struct, frozen=True, gc=False):
    """What became of a call to sign; `identity` is None where attestation was refused."""

    identity: str | None
    attest: Attestation | None
    finding: Finding


class ShakenWish(msgspec.Struct, frozen=True, gc=False):
    """A `shaken` PASSporT is wanted."""

    ppt: ClassVar[Ppt] = Ppt.SHAKEN
    attest: Attestation
    origid: str


class DiversionWish(msgspec.Struct, frozen=True, gc=False):
    """A `div` PASSporT is wanted."""

    ppt: ClassVar[Ppt] = Ppt.DIV
    diverted: TelephoneNumber
    """The number the call was to."""
    target: TelephoneNumber
    """The number it goes on to."""
    history_index: str | None


class RichWish(msgspec.Struct, frozen=True, gc=False):
    """An `rcd` PASSporT is wanted."""

    ppt: ClassVar[Ppt] = Ppt.RCD
    members: Mapping[str, object] | None
    """Of the claim `rcd`; None: all that are granted."""
    call_reason: str | None


class PriorityWish(msgspec.Struct, frozen=True, gc=False):
    """An `rph` PASSporT is wanted."""

    ppt: ClassVar[Ppt] = Ppt.RPH
    auth: tuple[str, ...]
    """r-values, in lower case."""
    sph: str | None


Wish: TypeAlias = ShakenWish | DiversionWish | RichWish | PriorityWish


class SignatureRequest(msgspec.Struct, frozen=True, gc=False):
    """PASSporTs to sign for one call, numbers in canonical form."""

    call: Call
    orig: TelephoneNumber
    """The number to sign: the one shown, or the network number of a call that shows none."""
    dests: tuple[TelephoneNumber, ...]
    """Sorted, without repetition."""
    identities: tuple[str, ...]
    """The Identity headers the call already has."""
    wishes: tuple[Wish, ...]
    """No two of one type; in the order in which their headers are wanted."""


class Signature(msgspec.Struct, frozen=True, gc=False):
    """What became of one type; `identity` is None where it was refused, and the finding says why."""

    ppt: Ppt
    identity: str | None
    finding: Finding
    attest: Attestation | None = None
    """Of a `shaken` PASSporT."""


def usable_signer(current: Current, *, iat: int, now: int) -> Signer:
    """The generation's signer, if it can sign for that moment. Raises RequestProblem (POL0001).

    Both the call's time and now lie in the certificate's validity (RFC 8224 section 6.1 steps 3 and 4).
    """
    signer = current.signer
    if signer is None:
        raise RequestProblem(POLICY_ERROR, ("signing-not-configured",))
    if not (signer.covers_time(now) and signer.covers_time(iat)):
        raise RequestProblem(POLICY_ERROR, ("signing-certificate-not-valid-now",))
    return signer


def sign_call(
    plane: Plane, current: Current, *, request: SigningRequest, signer: Signer, trunk: Trunk
) -> Signed:
    """Decide the attestation and sign `shaken`; a call for help is noted whether it is signed or not."""
    remember_call_for_help(plane, current, shown=(request.orig,), called=request.dests, trunk=trunk)
    rights = Rights(plane.facts, current.generation.policy, trunk.name, int(plane.clock()))
    return sign_shaken(current, request=request, signer=signer, trunk=trunk, rights=rights)


def sign_each(
    plane: Plane, current: Current, *, request: SignatureRequest, signer: Signer, trunk: Trunk, now: int
) -> tuple[Signature, ...]:
    """Decide and sign each PASSporT wanted; a call for help is noted whether it is signed or not."""
    remember_call_for_help(plane, current, shown=request.call.shown, called=request.call.called, trunk=trunk)
    rights = Rights(plane.facts, current.generation.policy, trunk.name, now)
    return sign_wishes(current, request=request, signer=signer, trunk=trunk, rights=rights)


def sign_wishes(
    current: Current, *, request: SignatureRequest, signer: Signer, trunk: Trunk, rights: Rights
) -> tuple[Signature, ...]:
    """Decide and sign each PASSporT wanted, in their order.

    One that is refused takes nothing from the others. A diversion may stand behind a PASSporT that is signed
    in the same request.
    """
    done: dict[Ppt, Signature] = {}
    for wish in sorted(request.wishes, key=lambda wish: isinstance(wish, DiversionWish)):
        match wish:
            case ShakenWish():
                made = _sign_shaken(current, request, wish, signer, trunk, rights=rights)
            case RichWish():
                made = _sign_rich(request, wish, signer, trunk, rights=rights)
            case PriorityWish():
                made = _sign_priority(request, wish, signer, trunk)
            case DiversionWish():
                beside = [each.identity for each in done.values() if each.identity is not None]
                earlier = (*request.identities, *beside)
                made = _sign_diversion(current, request, wish, signer, trunk, rights=rights, earlier=earlier)
        done[made.ppt] = made
    return tuple([done[wish.ppt] for wish in request.wishes])


def sign_shaken(
    current: Current, *, request: SigningRequest, signer: Signer, trunk: Trunk, rights: Rights
) -> Signed:
    """Decide the attestation and sign; the wish is a wish, right to use decides."""
    decision = decide(
        wish=request.wish,
        orig=request.orig,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=rights.to_use(request.orig),
        policy=current.generation.policy.attestation,
    )
    if decision.attest is None:
        return Signed(None, None, decision.finding)
    payload = render_shaken(
        attest=decision.attest,
        dest=request.dests,
        iat=request.iat,
        orig=request.orig,
        origid=request.origid,
    )
    return Signed(signer.sign(Ppt.SHAKEN, payload), decision.attest, decision.finding)


def _sign_shaken(
    current: Current,
    request: SignatureRequest,
    wish: ShakenWish,
    signer: Signer,
    trunk: Trunk,
    *,
    rights: Rights,
) -> Signature:
    wanted = SigningRequest(wish.attest, request.orig, request.dests, request.call.time, wish.origid)
    signed = sign_shaken(current, request=wanted, signer=signer, trunk=trunk, rights=rights)
    return Signature(Ppt.SHAKEN, signed.identity, signed.finding, signed.attest)


def _sign_rich(
    request: SignatureRequest,
    wish: RichWish,
    signer: Signer,
    trunk: Trunk,
    *,
    rights: Rights,
) -> Signature:
    decision = decide_rich(
        request.orig,
        wish=wish.members,
        call_reason=wish.call_reason,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=rights.to_use(request.orig),
        grants=rights.rich_grants(request.orig),
    )
    if decision.claims is None:
        return Signature(Ppt.RCD, None, decision.finding)
    identity = signer.sign(Ppt.RCD, render_json({**_of_call(request), **decision.claims}))
    return Signature(Ppt.RCD, identity, decision.finding)


def _sign_priority(request: SignatureRequest, wish: PriorityWish, signer: Signer, trunk: Trunk) -> Signature:
    finding = decide_priority(wish.auth, trunk_name=trunk.name, allowed=trunk.priority_namespaces)
    if finding.reason is not SIGN_GRANTED:
        return Signature(Ppt.RPH, None, finding)
    claims = {**_of_call(request), "rph": {"auth": wish.auth}}
    if wish.sph is not None:
        claims["sph"] = wish.sph
    return Signature(Ppt.RPH, signer.sign(Ppt.RPH, render_json(claims)), finding)


def _sign_diversion(
    current: Current,
    request: SignatureRequest,
    wish: DiversionWish,
    signer: Signer,
    trunk: Trunk,
    *,
    rights: Rights,
    earlier: tuple[str, ...],
) -> Signature:
    finding = decide_diversion(
        wish.diverted,
        trunk_name=trunk.name,
        trunk_kind=trunk.kind,
        right=rights.to_divert(wish.diverted),
    )
    if finding.reason is not SIGN_GRANTED:
        return Signature(Ppt.DIV, None, finding)
    came = VerificationRequest(
        orig=request.orig,
        dests=frozenset(request.dests),
        time=request.call.time,
        identity="",
        request_uri=wish.diverted,
    )
    iat = retained_iat(
        [msgspec.structs.replace(came, identity=identity) for identity in earlier],
        wish.target,
        policy=current.verification,
        dialling=trunk.dialling,
        now=rights.now,
        profile=PROFILES[trunk.profile],
    )
    if isinstance(iat, Finding):
        return Signature(Ppt.DIV, None, iat)
    index = {} if wish.history_index is None else {"hi": wish.history_index}
    claims = {
        "dest": {"tn": (wish.target,)},
        "div": {"tn": wish.diverted, **index},
        "iat": iat,
        "orig": {"tn": request.orig},
    }
    return Signature(Ppt.DIV, signer.sign(Ppt.DIV, render_json(claims)), finding)


def _of_call(request: SignatureRequest) -> dict[str, object]:
    return {"dest": {"tn": request.dests}, "iat": request.call.time, "orig": {"tn": request.orig}}
