"""`POST /v1/verdicts`: the gateway's own form, in which a switch says all it knows and hears all there is.

Unlike ATIS-1000082, unknown members are refused: a misspelt `roaming` that is silently ignored would
withhold every roamer's number. An error names the place as a JSON pointer (RFC 6901).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.strict import StrictJsonError, read_json
from gateway.reasons import Finding, Reason
from gateway.verdicts.call import Call, Roaming
from gateway.verdicts.verdict import Hit, Verdict
from gateway.verification.outcome import Outcome
from gateway.web.problems import Problem, at

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
            ),
            identities=tuple(call.identity),
            max_ms=self.body.max_ms,
        )


def parse_body(body: bytes) -> VerdictBody:
    """The body, if it has the right shape. Raises Problem with the place of the first mistake."""
    try:
        document = read_json(body)
    except StrictJsonError as error:
        raise at(error.pointer or "", error.problem) from None
    try:
        return VerdictBody(msgspec.convert(document, _Body))
    except msgspec.ValidationError as error:
        raise _located(error) from None


_SENTENCE: Final = re.compile(
    r"(?:Object (?P<what>missing required|contains unknown) field `(?P<name>.*?)`|(?P<words>.*?))"
    r"(?: - at `\$(?P<path>[^`]*)`)?",
    re.DOTALL,
)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MAX_NAME: Final = 64
"""How much of a stranger's member name an error repeats."""


def _located(error: msgspec.ValidationError) -> Problem:
    """Msgspec's sentence with its place turned from `$.call.to.tn[0]` into `/call/to/tn/0`."""
    found = _SENTENCE.fullmatch(str(error))
    if found is None:
        return at("", str(error))
    pointer = "".join("/" + (name or index) for name, index in _STEP.findall(found["path"] or ""))
    if found["what"] is None:
        return at(pointer, found["words"])
    name = found["name"] if len(found["name"]) <= _MAX_NAME else f"{found['name'][:_MAX_NAME]}..."
    member = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
    return at(member, "is missing" if found["what"] == "missing required" else "is unknown here")


def _tn(text: str, pointer: str, dialling: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, dialling)
    except NumberError as error:
        raise at(pointer, error.problem) from None


def render_verdict(
    verdict: Verdict, outcome: Outcome, *, elapsed_ms: float, generation: int, explain: bool
) -> dict[str, object]:
    """The answer; with `explain`, also the rules that were asked and did not apply."""
    treatment = verdict.treatment
    body: dict[str, object] = {
        "action": verdict.action.value,
        "verstat": verdict.verstat.value,
        "attest": verdict.attest,
        "origid": verdict.origid,
        "reasons": [
            _finding(outcome.finding),
            *(_finding(warning) for warning in outcome.warnings),
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
        "sip": {"status": treatment.status, "phrase": treatment.phrase, "headers": treatment.headers},
        "degraded": list(verdict.degraded),
        "elapsed_ms": round(elapsed_ms, 2),
        "generation": generation,
    }
    if explain:
        body["not_applied"] = [_row(reason) for reason in verdict.missed]
    return {"verdict": body}


def _finding(finding: Finding) -> dict[str, object]:
    detail = finding.detail or finding.description or finding.reason.words
    return {"code": finding.reason.code, "effect": "none", "source": "identity", "detail": detail}


def _hit(hit: Hit) -> dict[str, object]:
    effect = "allow" if hit.allows else hit.effect.value
    detail = hit.detail or hit.reason.words
    return {"code": hit.reason.code, "effect": effect, "source": hit.source, "detail": detail}


def _row(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "words": reason.words}
