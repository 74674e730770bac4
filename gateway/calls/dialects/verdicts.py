"""`POST /v1/verdicts`: the gateway's own form, in which a switch says all it knows and hears all there is.

Unlike ATIS-1000082, unknown members are refused: a misspelt `roaming` that is silently ignored would
withhold every roamer's number. An error names the place as a JSON pointer (RFC 6901).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import unquote

import msgspec

from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.passport.ppt import Ppt
from gateway.passport.priority import MAX_R_VALUES
from gateway.reasons import Finding, Reason
from gateway.verdicts.call import Call, Roaming
from gateway.verdicts.verdict import Hit, Verdict
from gateway.verification.conclude import Verification
from gateway.verification.reason_header import reason_values
from gateway.verification.rich import ProvenData
from gateway.web.problems import at
from gateway.web.shape import ShapeError, read_shape

MAX_IDENTITIES: Final = 10
"""Of one call: a `shaken`, and up to five `div`, leave room."""
MAX_NUMBERS: Final = 100

_Text = Annotated[str, msgspec.Meta(max_length=2048)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class _One(msgspec.Struct, forbid_unknown_fields=True):
    tn: _Text


class _Many(msgspec.Struct, forbid_unknown_fields=True):
    tn: Annotated[list[_Text], msgspec.Meta(min_length=1, max_length=MAX_NUMBERS)]


class _Diversion(msgspec.Struct, forbid_unknown_fields=True):
    tn: _Text
    reason: _Text = ""


class _Call(msgspec.Struct, forbid_unknown_fields=True, rename={"caller": "from"}):
    id: _Id
    to: _Many
    time: Annotated[int, msgspec.Meta(gt=0, lt=2**53)]
    caller: _One | None = None
    anonymous: bool = False
    request_uri: _Text | None = None
    resource_priority: Annotated[list[_Text], msgspec.Meta(max_length=MAX_R_VALUES)] | None = None
    priority: _Text | None = None
    pai: _One | None = None
    diversion: Annotated[list[_Diversion], msgspec.Meta(max_length=MAX_IDENTITIES)] = []
    identity: Annotated[list[str], msgspec.Meta(max_length=MAX_IDENTITIES)] = []
    trunk: _Text | None = None
    roaming: Literal["true", "false", "unknown"] = "unknown"


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    call: _Call
    max_ms: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


@dataclass(frozen=True, slots=True)
class VerdictRequest:
    """What was asked, as the road takes it."""

    call: Call
    identities: tuple[str, ...]
    max_ms: int | None


@dataclass(frozen=True, slots=True)
class VerdictBody:
    """A body of the right shape whose trunk is not chosen yet: its numbers are still text."""

    body: _Body

    @property
    def trunk(self) -> str | None:
        """The trunk the switch says the call came in by; whether that counts is for the road to say."""
        return self.body.call.trunk

    def on(self, trunk: Trunk) -> VerdictRequest:
        """The request, its numbers read by the trunk's dialling rules. Raises Problem."""
        call, dialling = self.body.call, trunk.dialling
        if call.caller is None and not call.anonymous:
            raise at("/call/from", 'is missing; a call without a number says "anonymous": true')
        return VerdictRequest(
            call=Call(
                id=call.id,
                trunk=trunk.name,
                trunk_kind=trunk.kind,
                time=call.time,
                orig=None if call.caller is None else _tn(call.caller.tn, "/call/from/tn", dialling),
                network_tn=None if call.pai is None else _tn(call.pai.tn, "/call/pai/tn", dialling),
                dests=tuple(_tn(tn, f"/call/to/tn/{place}", dialling) for place, tn in enumerate(call.to.tn)),
                anonymous=call.anonymous,
                roaming=Roaming(call.roaming),
                request_uri=None if call.request_uri is None else _routed_to(call.request_uri, dialling),
                resource_priority=None
                if call.resource_priority is None
                else frozenset(call.resource_priority),
                priority=None if call.priority is None else call.priority.lower(),
            ),
            identities=tuple(call.identity),
            max_ms=self.body.max_ms,
        )


def parse_body(body: bytes) -> VerdictBody:
    """The body, if it has the right shape. Raises Problem with the place of the first mistake."""
    try:
        return VerdictBody(read_shape(body, _Body))
    except ShapeError as error:
        raise at(error.pointer, error.problem) from None


def _tn(text: str, pointer: str, dialling: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise at(pointer, error.problem) from None


_URI: Final = re.compile(r"(?:(?P<scheme>tel|sips?):)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def _routed_to(request_uri: str, dialling: DiallingRules) -> TelephoneNumber | None:
    """The number in a Request-URI, `tel:`, `sip:` or bare; None for one that is routed by something else.

    Escapes are undone (RFC 3261 section 19.1.4: `%39` is a 9 to the switch), and parameters left out, as
    they do not change whom the call is for.
    """
    found = _URI.fullmatch(request_uri)
    if found is None:
        return None
    rest = found["rest"]
    if (found["scheme"] or "tel").lower() != "tel":
        user, at_sign, host = rest.rpartition("@")
        if not at_sign or not host:
            return None
        rest = user.partition(":")[0]
    number = unquote(rest.partition(";")[0])
    try:
        return None if ";" in number else canonical(number, dialling)
    except NumberError:
        return None


def render_verdict(
    verdict: Verdict, verification: Verification, *, elapsed_ms: float, generation: int, explain: bool
) -> dict[str, object]:
    """The answer; with `explain`, also the rules that were asked and did not apply."""
    treatment, outcome, rich = verdict.treatment, verification.outcome, verification.rich
    sip: dict[str, object] = {
        "status": treatment.status,
        "phrase": treatment.phrase,
        "headers": treatment.headers,
    }
    reason_headers = reason_values(verification.headers)
    if reason_headers:
        sip["reason"] = list(reason_headers)
    body: dict[str, object] = {
        "action": verdict.action.value,
        "verstat": verdict.verstat.value,
        "attest": verdict.attest,
        "origid": verdict.origid,
        "reasons": [
            _finding(outcome.finding),
            *(_finding(warning) for warning in outcome.warnings),
            *((_finding(rich),) if isinstance(rich, Finding) else ()),
            *(_hit(hit) for hit in verdict.hits),
        ],
        "display": {"cli": verdict.cli.value, "name": None, "brand": None},
        "reputation": {
            "score": verdict.score,
            "evidence": [
                {
                    "feed": each.feed,
                    "complaints": each.complaints,
                    "weight": each.weight,
                    "first_day": each.first_day.isoformat(),
                    "last_day": each.last_day.isoformat(),
                }
                for each in verdict.evidence
            ],
        },
        "sip": sip,
        "degraded": list(verdict.degraded),
        "elapsed_ms": round(elapsed_ms, 2),
        "generation": generation,
    }
    body |= _extensions(verification)
    if explain:
        body["not_applied"] = [_row(reason) for reason in verdict.missed]
    return {"verdict": body}


def _extensions(verification: Verification) -> dict[str, object]:
    """What only calls have that carry more than a `shaken` PASSporT; each member only where there is one."""
    body: dict[str, object] = {}
    headers = verification.headers
    if len(headers) > 1 or any(header.ppt not in (Ppt.SHAKEN, None) for header in headers):
        body["headers"] = [
            {
                "ppt": None if header.ppt is None else header.ppt.label,
                "verstat": header.outcome.verstat.value,
                "code": header.outcome.finding.reason.code,
            }
            for header in headers
        ]
    diversion, priority, rich = verification.diversion, verification.priority, verification.rich
    if diversion is not None:
        body["diversion"] = {
            "verstat": diversion.verstat.value,
            "code": diversion.finding.reason.code,
            "diverted": [to_e164(tn) for tn in diversion.diverted],
        }
    if priority is not None:
        body["priority"] = {
            "verstat": priority.verstat.value,
            "code": priority.finding.reason.code,
            "auth": list(priority.auth),
            "sph": priority.sph,
        }
    if isinstance(rich, ProvenData):
        # Content by address is never fetched here, so no digest was held against it; and a jCard is a
        # stranger's data of any form. Only what was read as text for people is handed on.
        body["rich"] = {"nam": rich.data.nam, "apn": rich.data.apn, "crn": rich.data.crn}
    return body


def _finding(finding: Finding) -> dict[str, object]:
    detail = finding.detail or finding.description or finding.reason.words
    return {"code": finding.reason.code, "effect": "none", "source": "identity", "detail": detail}


def _hit(hit: Hit) -> dict[str, object]:
    effect = "allow" if hit.allows else hit.effect.value
    detail = hit.detail or hit.reason.words
    return {"code": hit.reason.code, "effect": effect, "source": hit.source, "detail": detail}


def _row(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "words": reason.words}
