"""ATIS-1000082: `signingRequest` and `verificationRequest`, and their answers.

Mandatory parameters are E1 and E2 of the standard's error cases (SVC4001, SVC4005); unknown members are
tolerated, as switches send vendor fields, and never copied into a token. Numbers become canonical here,
by the dialling rules of the trunk the request came in by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

import msgspec

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import SigningRequest
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import MAX_IAT, ORIGID
from gateway.passport.plain_json import PlainReader
from gateway.passport.strict import StrictJsonError, read_json
from gateway.reasons import MISSING_BODY, UNPARSABLE_BODY, Verstat
from gateway.verification.examine import VerificationRequest
from gateway.verification.outcome import Outcome

MAX_DESTINATIONS: Final = 100
"""More called numbers than any call has; a bound on the work one request can ask for."""


def parse_verification(body: bytes, dialling: DiallingRules) -> VerificationRequest:
    """A `verificationRequest` body. Raises RequestProblem (SVC4000, SVC4001, SVC4005, SVC4006)."""
    plain = _PLAIN_VERIFICATION.read(body)
    if plain is not None:
        asked = plain.verificationRequest
        return _verification(asked.from_.tn, asked.to.tn, asked.time, asked.identity, dialling)
    request = _wrapper(body, "verificationRequest")
    for name in ("from", "to", "time", "identity"):
        if name not in request:
            raise RequestProblem.missing(name)
    return _verification(
        _member(request, "from", "tn"),
        _member(request, "to", "tn"),
        request["time"],
        request["identity"],
        dialling,
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
        _member(request, "orig", "tn"),
        _member(request, "dest", "tn"),
        request["iat"],
        request["origid"],
        dialling,
    )


def render_verification(outcome: Outcome) -> dict[str, object]:
    """The `verificationResponse`: reason members only when verification did not pass."""
    response: dict[str, object] = {"verstat": outcome.verstat.value}
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


def _verification(
    orig: object, dests: object, time: object, identity: object, dialling: DiallingRules
) -> VerificationRequest:
    if not isinstance(identity, str):
        raise RequestProblem.invalid("identity", "not a string")
    if not identity:
        raise RequestProblem.invalid("identity", "empty")
    return VerificationRequest(
        orig=_tn(orig, "from.tn", dialling),
        dests=frozenset(_tns(dests, "to.tn", dialling)),
        time=_seconds(time, "time"),
        identity=identity,
    )


def _signing(  # noqa: PLR0917 - in the order of the claims
    attest: object, orig: object, dests: object, iat: object, origid: object, dialling: DiallingRules
) -> SigningRequest:
    wish = _WISHES.get(attest) if isinstance(attest, str) else None
    if wish is None:
        raise RequestProblem.invalid("attest", "not one of A, B, C")
    return SigningRequest(
        wish=wish,
        orig=_tn(orig, "orig.tn", dialling),
        dests=tuple(sorted(set(_tns(dests, "dest.tn", dialling)))),
        iat=_seconds(iat, "iat"),
        origid=_origid(origid),
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
_PLAIN_VERIFICATION: Final = PlainReader(
    _PlainVerificationBody, lambda body: 9 + len(body.verificationRequest.to.tn)
)
_PLAIN_SIGNING: Final = PlainReader(_PlainSigningBody, lambda body: 11 + len(body.signingRequest.dest.tn))


def _wrapper(body: bytes, name: str) -> Mapping[str, object]:
    if not body.strip():
        raise RequestProblem(MISSING_BODY)
    try:
        document = read_json(body)
    except StrictJsonError as error:
        raise RequestProblem(UNPARSABLE_BODY, (f"invalid JSON body: {error.problem}",)) from None
    if not isinstance(document, dict):
        raise RequestProblem(UNPARSABLE_BODY, ("invalid JSON body: not an object",))
    if name not in document:
        raise RequestProblem.missing(name)
    request = document[name]
    if not isinstance(request, dict):
        raise RequestProblem.invalid(name, "not an object")
    return request


def _member(request: Mapping[str, object], name: str, key: str) -> object:
    value = request[name]
    if not isinstance(value, dict):
        raise RequestProblem.invalid(name, "not an object")
    if key not in value:
        raise RequestProblem.missing(f"{name}.{key}")
    return value[key]


def _tn(value: object, name: str, dialling: DiallingRules) -> TelephoneNumber:
    if not isinstance(value, str):
        raise RequestProblem.invalid(name, "not a string")
    try:
        return canonical(value, dialling)
    except NumberError as error:
        raise RequestProblem.invalid(name, error.problem) from None


def _tns(value: object, name: str, dialling: DiallingRules) -> list[TelephoneNumber]:
    if not isinstance(value, list):
        raise RequestProblem.invalid(name, "not an array")
    if not 1 <= len(value) <= MAX_DESTINATIONS:
        raise RequestProblem.invalid(name, f"not 1 to {MAX_DESTINATIONS} numbers")
    return [_tn(item, f"{name}[{place}]", dialling) for place, item in enumerate(value)]


def _seconds(value: object, name: str) -> int:
    # bool is an int in Python, and not a time.
    if type(value) is not int or value <= 0:
        raise RequestProblem.invalid(name, "not a positive integer of seconds")
    return value


def _origid(value: object) -> str:
    if not isinstance(value, str):
        raise RequestProblem.invalid("origid", "not a string")
    if ORIGID.fullmatch(value) is not None:
        return value
    try:
        UUID(value)
    except ValueError:
        raise RequestProblem.invalid("origid", "not a UUID") from None
    raise RequestProblem.invalid("origid", "not a UUID in its canonical form")
