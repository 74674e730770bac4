"""3GPP's Ms reference point (TS 24.229 Annex V): bodies without wrapper, names in camel case.

As far as public implementations show it. Beside names it differs from ATIS-1000082 in what it can say:
several Identity headers of every type, the Request-URI as `dest`, a result for diversion and one for
priority, and `{"error": "…"}` for an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.call_body import MAX_IDENTITIES
from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, as_problem
from gateway.calls.dialects.fields import (
    MAX_DESTINATIONS,
    number_in_uri,
    read_object,
    read_origid,
    seconds,
    telephone_number,
)
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import PriorityWish, SignatureRequest, SigningRequest
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.passport.diversion import DivClaims
from gateway.passport.fields import ClaimProblem
from gateway.passport.ppt import Ppt
from gateway.passport.priority import read_rph_claims
from gateway.passport.strict import StrictJsonError, read_json
from gateway.verdicts.call import Call
from gateway.verification.conclude import HeaderResult, Verification
from gateway.web.problems import JSON, Problem, printable

_MAX_ID: Final = 256
_WRAPPERS: Final = frozenset({"signingRequest", "verificationRequest"})
_MEMBERS: Final = frozenset({"orig", "identityHeader", "identityHeaders"})


@dataclass(frozen=True, slots=True)
class MsVerification:
    """A verification request, as the road takes it, and what of it is echoed."""

    call: Call
    identities: tuple[str, ...]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class MsSigning:
    """A signing request, and what of it is echoed."""

    request: SigningRequest | SignatureRequest
    request_id: str | None


def is_bare(body: bytes) -> bool:
    """Whether a body at an address of ATIS-1000082 is 3GPP's: an object without wrapper, with its members."""
    # `find`, for nearly every call: `in` takes bytes for a number first, at twice the price of looking.
    if body.find(b'"verificationRequest"') >= 0 or body.find(b'"signingRequest"') >= 0:
        return False
    if b'"identityHeader' not in body and b'"orig"' not in body:
        return False
    try:
        document = read_json(body)
    except StrictJsonError:
        return False
    return isinstance(document, dict) and not _MEMBERS.isdisjoint(document) and _WRAPPERS.isdisjoint(document)


def parse_verification(body: bytes, trunk: Trunk, *, identifier: str) -> MsVerification:
    """A verification request. Raises RequestProblem.

    `identifier` stands for the call where no `requestId` names it.
    """
    request = read_object(body)
    for name in ("from", "to", "time"):
        if name not in request:
            raise RequestProblem.missing(name)
    dialling = trunk.dialling
    request_id = _request_id(request)
    call = Call(
        id=request_id or identifier,
        trunk=trunk.name,
        trunk_kind=trunk.kind,
        time=seconds(request["time"], "time"),
        orig=_party(request["from"], "from", dialling),
        network_tn=None,
        dests=(_party(request["to"], "to", dialling),),
        request_uri=_request_uri(request["dest"], dialling) if "dest" in request else None,
    )
    return MsVerification(call, _identities(request), request_id)


def parse_signing(body: bytes, trunk: Trunk, *, identifier: str, new_origid: str) -> MsSigning:
    """A signing request; `new_origid` is taken where it brings none. Raises RequestProblem.

    A `div` is refused: it has to stand behind the Identity headers the call came with, and a request of this
    form does not carry them.
    """
    request = read_object(body)
    dialling = trunk.dialling
    for name in ("orig", "dest", "iat"):
        if name not in request:
            raise RequestProblem.missing(name)
    ppt = request.get("ppt", "shaken")
    if ppt == "rph":
        return _priority(request, trunk, identifier=identifier)
    if ppt != "shaken":
        raise RequestProblem.invalid("ppt", "not one of shaken, rph")
    if "attest" not in request:
        raise RequestProblem.missing("attest")
    attest = request["attest"]
    if attest not in ("A", "B", "C"):
        raise RequestProblem.invalid("attest", "not one of A, B, C")
    return MsSigning(
        SigningRequest(
            wish=Attestation(attest),
            orig=_party(request["orig"], "orig", dialling),
            dests=tuple(sorted(set(_parties(request["dest"], "dest", dialling)))),
            iat=seconds(request["iat"], "iat"),
            origid=read_origid(request.get("origid", new_origid)),
        ),
        _request_id(request),
    )


def _priority(request: Mapping[str, object], trunk: Trunk, *, identifier: str) -> MsSigning:
    """A Resource-Priority to sign (RFC 8443), with `sph` for a call back from a control room (RFC 9027)."""
    if "rph" not in request:
        raise RequestProblem.missing("rph")
    orig = _party(request["orig"], "orig", trunk.dialling)
    dests = tuple(sorted(set(_parties(request["dest"], "dest", trunk.dialling))))
    iat = seconds(request["iat"], "iat")
    sph = {"sph": request["sph"]} if "sph" in request else {}
    # Nothing is signed that would not be read here.
    read = read_rph_claims(
        {"orig": {"tn": orig}, "dest": {"tn": list(dests)}, "iat": iat, "rph": request["rph"], **sph}
    )
    if isinstance(read, ClaimProblem):
        raise RequestProblem.invalid(read.claim, read.problem)
    request_id = _request_id(request)
    call = Call(
        id=request_id or identifier,
        trunk=trunk.name,
        trunk_kind=trunk.kind,
        time=iat,
        orig=orig,
        network_tn=None,
        dests=dests,
    )
    wishes = (PriorityWish(read.auth, read.sph),)
    return MsSigning(SignatureRequest(call, orig, dests, (), wishes), request_id)


def render_verification(verification: Verification, request_id: str | None) -> dict[str, object]:
    """The answer: one `verstatValue` for the number, and what became of each header."""
    body: dict[str, object] = {"verstatValue": verification.outcome.verstat.value}
    diversions = [_diversion(header) for header in verification.headers if header.ppt in (Ppt.DIV, Ppt.DIV_O)]
    if diversions:
        body["divResult"] = diversions
    if verification.priority is not None:
        body["verstatPriority"] = verification.priority.verstat.value
    body["verifyResults"] = [{"verifyResult": _result(header)} for header in verification.headers]
    return _echoing(body, request_id)


def render_signing(identity: str, request_id: str | None) -> dict[str, object]:
    """The answer with the Identity header's value."""
    return _echoing({"identityHeader": identity}, request_id)


def render_error(error: RequestProblem | Problem) -> ErrorAnswer:
    """One sentence: this dialect knows no codes."""
    problem = as_problem(error)
    sentence = problem.title.removesuffix(".")
    if problem.detail:
        sentence = f"{sentence}: {problem.detail.removesuffix('.')}"
    return ErrorAnswer(problem.status, JSON, msgspec.json.encode({"error": sentence}), problem.headers)


MS: Final = Dialect(
    takes=JSON, gives=frozenset({"application/json", "application/*", "*/*"}), render_error=render_error
)


def _identities(request: Mapping[str, object]) -> tuple[str, ...]:
    found: list[str] = []
    if "identityHeader" in request:
        found.append(_text(request["identityHeader"], "identityHeader"))
    if "identityHeaders" in request:
        several = request["identityHeaders"]
        if not isinstance(several, list):
            raise RequestProblem.invalid("identityHeaders", "not an array")
        found += [_text(value, f"identityHeaders[{place}]") for place, value in enumerate(several)]
    if not found:
        raise RequestProblem.missing("identityHeader")
    # Some clients repeat the first header among the several.
    each = tuple(dict.fromkeys(found))
    if len(each) > MAX_IDENTITIES:
        raise RequestProblem.invalid("identityHeaders", f"more than {MAX_IDENTITIES} headers")
    return each


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RequestProblem.invalid(name, "not a string")
    if not value:
        raise RequestProblem.invalid(name, "empty")
    return value


def _party(value: object, name: str, dialling: DiallingRules) -> TelephoneNumber:
    """`{"tn": "…"}` or `{"uri": "sip:…"}`."""
    if not isinstance(value, dict):
        raise RequestProblem.invalid(name, "not an object")
    if "tn" in value:
        return telephone_number(value["tn"], f"{name}.tn", dialling)
    if "uri" in value:
        return _of_uri(value["uri"], f"{name}.uri", dialling)
    raise RequestProblem.missing(f"{name}.tn")


def _request_uri(value: object, dialling: DiallingRules) -> TelephoneNumber | None:
    """The Request-URI in the same form; None where the call is routed by something else than a number."""
    if isinstance(value, dict) and "tn" not in value and isinstance(value.get("uri"), str):
        return number_in_uri(value["uri"], dialling)
    return _party(value, "dest", dialling)


def _parties(value: object, name: str, dialling: DiallingRules) -> list[TelephoneNumber]:
    """The same with arrays; one number alone may stand without its array."""
    if not isinstance(value, dict):
        raise RequestProblem.invalid(name, "not an object")
    for kind, read in (("tn", telephone_number), ("uri", _of_uri)):
        if kind in value:
            several = value[kind] if isinstance(value[kind], list) else [value[kind]]
            if not 1 <= len(several) <= MAX_DESTINATIONS:
                raise RequestProblem.invalid(f"{name}.{kind}", f"not 1 to {MAX_DESTINATIONS} numbers")
            return [read(item, f"{name}.{kind}[{place}]", dialling) for place, item in enumerate(several)]
    raise RequestProblem.missing(f"{name}.tn")


def _of_uri(value: object, name: str, dialling: DiallingRules) -> TelephoneNumber:
    if not isinstance(value, str):
        raise RequestProblem.invalid(name, "not a string")
    number = number_in_uri(value, dialling)
    if number is None:
        raise RequestProblem.invalid(name, "holds no telephone number")
    return number


def _request_id(request: Mapping[str, object]) -> str | None:
    value = request.get("requestId")
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_ID:
        raise RequestProblem.invalid("requestId", f"not a string of 1 to {_MAX_ID} characters")
    return printable(value)


def _echoing(body: dict[str, object], request_id: str | None) -> dict[str, object]:
    return body if request_id is None else body | {"requestId": request_id}


def _diversion(header: HeaderResult) -> dict[str, object]:
    """The number diverted from stands there only when it is proven."""
    result: dict[str, object] = {"verstatValue": header.outcome.verstat.value}
    passport = header.outcome.passport
    if passport is not None and isinstance(passport.claims, DivClaims):
        claims = passport.claims
        result["div"] = {"uri": claims.div_uri} if claims.div is None else {"tn": claims.div}
    return result


def _result(header: HeaderResult) -> dict[str, object]:
    outcome = header.outcome
    result: dict[str, object] = {
        "ppt": None if header.ppt is None else header.ppt.label,
        "status": "pass" if outcome.passport is not None else "fail",
    }
    cause = outcome.finding.reason.cause
    if outcome.passport is None and cause is not None:
        result |= {
            "reasonCode": cause.code,
            "reasonText": cause.api_text,
            "reasonDescription": outcome.finding.description,
        }
    return result
