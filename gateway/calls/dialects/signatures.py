"""`POST /v1/signatures`: PASSporTs of any type that is signed here, several at once.

The members beside `call` are named as the claims they ask for. What each claim may say is held to the rules
by which this gateway reads it from others (`gateway.passport`): nothing is signed that would not verify here.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.call_body import CallBody, One, Text, read_body, read_tn
from gateway.calls.signing import (
    DiversionWish,
    PriorityWish,
    RichWish,
    ShakenWish,
    Signature,
    SignatureRequest,
    Wish,
)
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.claims import ORIGID
from gateway.passport.diversion import read_div_claims
from gateway.passport.fields import ClaimProblem
from gateway.passport.ppt import Ppt
from gateway.passport.priority import MAX_R_VALUES, read_rph_claims
from gateway.verdicts.call import Call
from gateway.web.problems import Problem, at

_Type: TypeAlias = Literal["shaken", "div", "rcd", "rph"]
_BELONGS_TO: Final[Mapping[str, Ppt]] = {
    "attest": Ppt.SHAKEN,
    "origid": Ppt.SHAKEN,
    "div": Ppt.DIV,
    "rcd": Ppt.RCD,
    "crn": Ppt.RCD,
    "rph": Ppt.RPH,
    "sph": Ppt.RPH,
}
"""The type that each claim stands in. One that is sent without its type would be lost without a word."""


class _Div(One, forbid_unknown_fields=True):
    hi: Text | None = None


class _Rph(msgspec.Struct, forbid_unknown_fields=True):
    auth: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=MAX_R_VALUES)]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    call: CallBody
    ppt: _Type | Annotated[list[_Type], msgspec.Meta(min_length=1)]
    attest: Literal["A", "B", "C"] | None = None
    origid: Text | None = None
    div: _Div | None = None
    rcd: dict[str, Any] | None = None
    crn: Text | None = None
    rph: _Rph | None = None
    sph: Text | None = None


@dataclass(frozen=True, slots=True)
class SignatureBody:
    """A body of the right shape whose trunk is not chosen yet: its numbers are still text."""

    body: _Body

    @property
    def trunk(self) -> str | None:
        """The trunk the switch says the call came in by; whether that counts is for the road to say."""
        return self.body.call.trunk

    def on(self, trunk: Trunk) -> SignatureRequest:
        """The request, its numbers read by the trunk's dialling rules. Raises Problem."""
        body = self.body
        types = tuple([Ppt(ppt) for ppt in ([body.ppt] if isinstance(body.ppt, str) else body.ppt)])
        if len(set(types)) != len(types):
            raise at("/ppt", "names a type twice")
        for member, ppt in _BELONGS_TO.items():
            if getattr(body, member) is not None and ppt not in types:
                raise at(f"/{member}", f"stands in a PASSporT of type {ppt}, which ppt does not ask for")
        call = body.call.on(trunk)
        orig = call.network_tn if call.orig is None else call.orig
        if orig is None:
            raise at("/call/pai", "is missing: of a call that shows no number, its network number is signed")
        return SignatureRequest(
            call=call,
            orig=orig,
            dests=tuple(sorted(set(call.dests))),
            identities=tuple(body.call.identity),
            wishes=tuple([_wish(ppt, body, call, orig, trunk) for ppt in types]),
        )


def parse_body(body: bytes) -> SignatureBody:
    """The body, if it has the right shape. Raises Problem with the place of the first mistake."""
    return SignatureBody(read_body(body, _Body))


def render_signatures(
    signatures: Sequence[Signature], request: SignatureRequest, *, generation: int
) -> dict[str, object]:
    """The answer: the values of the Identity headers, in the order in which `ppt` names them.

    Raises Problem (403 `not-signed`) when there is none.
    """
    identities = [each.identity for each in signatures if each.identity is not None]
    if not identities:
        raise _not_signed(signatures)
    attest = next((each.attest for each in signatures if each.attest is not None), None)
    origid = next((wish.origid for wish in request.wishes if isinstance(wish, ShakenWish)), None)
    return {
        "identity": identities,
        "attest": None if attest is None else attest.value,
        "origid": None if attest is None else origid,
        "reasons": [_reason(each) for each in signatures],
        "generation": generation,
    }


def _not_signed(signatures: Sequence[Signature]) -> Problem:
    errors = [
        {"pointer": "/ppt", "problem": reason["detail"], "ppt": reason["ppt"], "code": reason["code"]}
        for reason in map(_reason, signatures)
    ]
    words = " ".join(each.finding.reason.words for each in signatures)
    return Problem(403, "not-signed", "None of the PASSporTs asked for was signed.", words, errors=errors)


def _reason(signature: Signature) -> dict[str, str]:
    finding = signature.finding
    where = f"{finding.parameter}: " if finding.parameter else ""
    detail = where + (finding.detail or finding.reason.words)
    return {"ppt": signature.ppt.label, "code": finding.reason.code, "detail": detail}


def _wish(ppt: Ppt, body: _Body, call: Call, orig: TelephoneNumber, trunk: Trunk) -> Wish:
    if ppt is Ppt.SHAKEN:
        return _shaken(body)
    if ppt is Ppt.DIV:
        return _diversion(body, call, orig, trunk)
    return RichWish(body.rcd, body.crn) if ppt is Ppt.RCD else _priority(body, call, orig)


def _shaken(body: _Body) -> ShakenWish:
    if body.attest is None:
        raise at("/attest", "is missing: a shaken PASSporT says A, B or C")
    if body.origid is not None and ORIGID.fullmatch(body.origid) is None:
        raise at("/origid", "is not a UUID in its 8-4-4-4-12 form")
    return ShakenWish(Attestation(body.attest), body.origid or str(uuid.uuid4()))


def _diversion(body: _Body, call: Call, orig: TelephoneNumber, trunk: Trunk) -> DiversionWish:
    if body.div is None:
        raise at("/div", "is missing: the number that the call was diverted from")
    if call.request_uri is None:
        raise at("/call/request_uri", "is missing or names no number: a diversion leads to one")
    diverted = read_tn(body.div.tn, "/div/tn", trunk.dialling)
    index = {} if body.div.hi is None else {"hi": body.div.hi}
    dest = {"tn": [call.request_uri]}
    claims = {"dest": dest, "div": {"tn": diverted, **index}, "iat": call.time, "orig": {"tn": orig}}
    read = read_div_claims(claims)
    if isinstance(read, ClaimProblem):
        raise at("/div/hi", read.problem)
    return DiversionWish(diverted, call.request_uri, body.div.hi)


def _priority(body: _Body, call: Call, orig: TelephoneNumber) -> PriorityWish:
    if body.rph is None:
        raise at("/rph", 'is missing: the priorities to sign, {"auth": ["ets.0"]}')
    called = {"iat": call.time, "orig": {"tn": orig}, "dest": {"tn": list(call.dests)}}
    sph = {} if body.sph is None else {"sph": body.sph}
    read = read_rph_claims({**called, "rph": {"auth": body.rph.auth}, **sph})
    if isinstance(read, ClaimProblem):
        raise at("/rph/auth" if read.claim == "rph" else f"/{read.claim}", read.problem)
    return PriorityWish(read.auth, read.sph)
