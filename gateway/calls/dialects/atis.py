"""ATIS-1000082: `signingRequest` and `verificationRequest`, and their answers.

Mandatory parameters are E1 and E2 of the standard's error cases (SVC4001, SVC4005); unknown members are
tolerated, as switches send vendor fields, and never copied into a token. Numbers become canonical here,
by the dialling rules of the trunk the request came in by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, allow
from gateway.calls.dialects.fields import (
    member,
    read_object,
    read_origid,
    seconds,
    telephone_number,
    telephone_numbers,
)
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import SigningRequest
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.passport.claims import MAX_IAT
from gateway.passport.plain_json import PlainReader, quotes_within
from gateway.reasons import POLICY_ERROR, Verstat
from gateway.verdicts.call import Call
from gateway.verification.outcome import Outcome
from gateway.web.problems import JSON, Problem


def parse_verification(body: bytes, trunk: Trunk, *, identifier: str) -> tuple[Call, str]:
    """A `verificationRequest` body: the call, which `identifier` stands for, and its Identity header.

    Raises RequestProblem (SVC4000, SVC4001, SVC4005, SVC4006).
    """
    plain = _PLAIN_VERIFICATION.read(body)
    if plain is not None:
        asked = plain.verificationRequest
        return _verification(asked.from_.tn, asked.to.tn, asked.time, asked.identity, trunk, identifier)
    request = _wrapper(body, "verificationRequest")
    for name in ("from", "to", "time", "identity"):
        if name not in request:
            raise RequestProblem.missing(name)
    return _verification(
        member(request, "from", "tn"),
        member(request, "to", "tn"),
        request["time"],
        request["identity"],
        trunk,
        identifier,
    )


def parse_signing(body: bytes, dialling: DiallingRules) -> SigningRequest:
    """A `signingRequest` body. Raises RequestProblem (SVC4000, SVC4001, SVC4005, SVC4006)."""
    plain = _PLAIN_SIGNING.read(body)
    if plain is not None:
        asked = plain.signingRequest
        return _signing(asked.attest, asked.orig.tn, asked.dest.tn, asked.iat, asked.origid, dialling)
    request = _wrapper(body, "signingRequest")
    for name in ("attest", "dest", "iat", "orig", "origid"):
        if name not in request:
            raise RequestProblem.missing(name)
    if request.get("ppt", "shaken") != "shaken":
        raise RequestProblem.invalid("ppt", "only 'shaken' is signed here")
    return _signing(
        request["attest"],
        member(request, "orig", "tn"),
        member(request, "dest", "tn"),
        request["iat"],
        request["origid"],
        dialling,
    )


def render_verification(outcome: Outcome) -> dict[str, object]:
    """The `verificationResponse`: reason members only when verification did not pass."""
    response: dict[str, object] = {"verstat": outcome.verstat}
    if outcome.verstat is not Verstat.TN_VALIDATION_PASSED:
        cause = outcome.finding.reason.cause
        if cause is None:
            raise ValueError(f"{outcome.finding.reason.code} refuses without a cause")
        response["reasoncode"] = cause.code
        response["reasontext"] = cause.api_text
        response["reasondesc"] = outcome.finding.description
    return {"verificationResponse": response}


def render_signing(identity: str) -> dict[str, object]:
    """The `signingResponse`."""
    return {"signingResponse": {"identity": identity}}


def render_problem(problem: RequestProblem) -> dict[str, object]:
    """The `requestError`: texts keep `%1` literally, values go into `variables` (OMA common errors)."""
    exception = problem.exception
    return {
        "requestError": {
            exception.family: {
                "messageId": exception.message_id,
                "text": exception.text,
                "variables": list(problem.variables),
            }
        }
    }


def render_error(error: RequestProblem | Problem) -> ErrorAnswer:
    """Any error as the dialect's own; what is not in the standard's table is a policy exception."""
    if isinstance(error, Problem):
        body = render_problem(RequestProblem(POLICY_ERROR, (error.code,)))
        return ErrorAnswer(error.status, JSON, msgspec.json.encode(body), error.headers)
    body = render_problem(error)
    return ErrorAnswer(error.exception.status, JSON, msgspec.json.encode(body), allow(error))


ATIS: Final = Dialect(
    takes=JSON, gives=frozenset({"application/json", "application/*", "*/*"}), render_error=render_error
)


def _verification(  # noqa: PLR0917 - in the order of the body
    orig: object, dests: object, time: object, identity: object, trunk: Trunk, identifier: str
) -> tuple[Call, str]:
    if not isinstance(identity, str):
        raise RequestProblem.invalid("identity", "not a string")
    if not identity:
        raise RequestProblem.invalid("identity", "empty")
    dialling = trunk.dialling
    call = Call(
        id=identifier,
        trunk=trunk.name,
        trunk_kind=trunk.kind,
        orig=telephone_number(orig, "from.tn", dialling),
        network_tn=None,
        dests=tuple(sorted(set(telephone_numbers(dests, "to.tn", dialling)))),
        time=seconds(time, "time"),
    )
    return call, identity


def _signing(  # noqa: PLR0917 - in the order of the claims
    attest: object, orig: object, dests: object, iat: object, origid: object, dialling: DiallingRules
) -> SigningRequest:
    wish = _WISHES.get(attest) if isinstance(attest, str) else None
    if wish is None:
        raise RequestProblem.invalid("attest", "not one of A, B, C")
    return SigningRequest(
        wish=wish,
        orig=telephone_number(orig, "orig.tn", dialling),
        dests=tuple(sorted(set(telephone_numbers(dests, "dest.tn", dialling)))),
        iat=seconds(iat, "iat"),
        origid=read_origid(origid),
    )


_Seconds = Annotated[int, msgspec.Meta(ge=1, le=MAX_IAT)]


class _PlainTn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    tn: str


class _PlainTns(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    tn: list[str]


class _PlainVerification(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A `verificationRequest` as nearly every switch sends it: the standard's members and no more."""

    from_: _PlainTn = msgspec.field(name="from")
    to: _PlainTns
    time: _Seconds
    identity: str


class _PlainVerificationBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    verificationRequest: _PlainVerification  # noqa: N815 - the standard's name


class _PlainSigning(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A `signingRequest` likewise."""

    attest: str
    dest: _PlainTns
    iat: _Seconds
    orig: _PlainTn
    origid: str


class _PlainSigningBody(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    signingRequest: _PlainSigning  # noqa: N815 - the standard's name


_WISHES: Final = {wish.value: wish for wish in Attestation}


def _count_quotes_of_verification(body: _PlainVerificationBody) -> int:
    request = body.verificationRequest
    return 2 * (9 + len(request.to.tn)) + quotes_within(request.identity)


_PLAIN_VERIFICATION: Final = PlainReader(_PlainVerificationBody, _count_quotes_of_verification)
_PLAIN_SIGNING: Final = PlainReader(
    _PlainSigningBody, lambda body: 2 * (11 + len(body.signingRequest.dest.tn))
)


def _wrapper(body: bytes, name: str) -> Mapping[str, object]:
    document = read_object(body)
    if name not in document:
        raise RequestProblem.missing(name)
    request = document[name]
    if not isinstance(request, dict):
        raise RequestProblem.invalid(name, "not an object")
    return request
