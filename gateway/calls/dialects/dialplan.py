"""The one-line dialect: for dialplans that can post a form and cannot read JSON.

    from=%2B442079460123&to=%2B441614960000&id=a84b4c76e66710&identity=eyJ…      in, form-encoded
    action=allow                                                                 out, one line a key
    verstat=TN-Validation-Passed

Every key is in every answer, empty where there is nothing to say, and stands in the headers too
(`Callmark-Action: allow`). With `Accept: application/x-www-form-urlencoded` the lines come as one,
`action=allow&verstat=…`, which is what some switches take apart by themselves. An error is one line as well,
`error=svc4001 Missing mandatory parameter 'to'.`

Dialplans pass on what they have: a field without value counts as absent, and a number may come as a URI
or as a header's value (`"Alice" <sip:+442079460123@192.0.2.1>;tag=1`). An unknown field is refused: a
misspelt `roaming` that is silently ignored would withhold every roamer's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from gateway.attestation.decide import Attestation
from gateway.calls.dialects import form
from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, as_problem, in_ascii
from gateway.calls.dialects.fields import read_origid
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import DiversionWish, SignatureRequest, SigningRequest
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.passport.ppt import Ppt
from gateway.verdicts.call import Call
from gateway.verdicts.verdict import Verdict
from gateway.verification.conclude import Verification
from gateway.verification.reason_header import reason_values
from gateway.web.problems import Problem

FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"
MAX_MS: Final = 10_000

_VERDICT_FIELDS: Final = frozenset(
    {"id", "from", "to", "pai", "request_uri", "identity", "anonymous", "roaming", "time", "trunk"}
    | {"max_ms", "resource_priority", "priority"}
)
_SHAKEN_FIELDS: Final = frozenset({"ppt", "id", "from", "to", "attest", "origid", "time"})
_DIV_FIELDS: Final = frozenset(
    {"ppt", "id", "from", "to", "pai", "time", "identity", "request_uri", "diverted"}
)


@dataclass(frozen=True, slots=True)
class DialplanVerdict:
    """A request for a verdict whose trunk is not chosen yet."""

    fields: form.Form

    @property
    def trunk(self) -> str | None:
        """The trunk the switch says the call came in by; whether that counts is for the road to say."""
        return form.one(self.fields, "trunk")

    @property
    def max_ms(self) -> int | None:
        """How long the switch waits. Raises RequestProblem."""
        return None if "max_ms" not in self.fields else form.whole(self.fields, "max_ms", most=MAX_MS)

    @property
    def identities(self) -> tuple[str, ...]:
        """The values of the call's Identity headers."""
        return tuple(self.fields.get("identity", ()))

    def on(self, trunk: Trunk, *, identifier: str, now: int) -> Call:
        """The call, its numbers read by the trunk's dialling rules. Raises RequestProblem.

        `identifier` and `now` stand for the `id` and `time` of a switch that sends none.
        """
        fields, dialling = self.fields, trunk.dialling
        shown = form.one(fields, "from")
        anonymous = form.flag(fields, "anonymous")
        if shown is None or form.WITHOUT_NUMBER.fullmatch(form.address(shown)):
            if shown is None and not anonymous:
                raise RequestProblem.missing("from")
            shown, anonymous = None, True
        pai, request_uri = form.one(fields, "pai"), form.one(fields, "request_uri")
        priorities = form.one(fields, "resource_priority")
        priority = form.one(fields, "priority")
        if "to" not in fields:
            raise RequestProblem.missing("to")
        return Call(
            id=form.call_id(fields, identifier),
            trunk=trunk.name,
            trunk_kind=trunk.kind,
            time=form.whole(fields, "time", most=form.MAX_SECONDS) if "time" in fields else now,
            orig=None if shown is None else form.number(shown, "from", dialling),
            network_tn=None if pai is None else form.number(pai, "pai", dialling),
            dests=tuple(form.number(text, "to", dialling) for text in fields["to"]),
            anonymous=anonymous,
            roaming=form.roaming(fields),
            request_uri=None if request_uri is None else form.number_if_any(request_uri, dialling),
            resource_priority=None
            if priorities is None
            else frozenset(value.strip().lower() for value in priorities.split(",") if value.strip()),
            priority=None if priority is None else priority.lower(),
        )


def parse_verdict(body: bytes) -> DialplanVerdict:
    """A request for a verdict. Raises RequestProblem (SVC4000, SVC4001, SVC4005, SVC4006)."""
    return DialplanVerdict(form.read_form(body, _VERDICT_FIELDS))


def parse_signature(
    body: bytes, trunk: Trunk, *, identifier: str, new_origid: str, now: int
) -> tuple[str, SigningRequest | SignatureRequest]:
    """The call's id, and what is to be signed: `shaken`, or with `ppt=div` a diversion.

    Raises RequestProblem.

    Without `attest` the wish is A: what is granted follows from the carrier's records either way.
    """
    fields = form.read_form(body, _SHAKEN_FIELDS | _DIV_FIELDS)
    ppt = form.one(fields, "ppt") or Ppt.SHAKEN.value
    if ppt not in (Ppt.SHAKEN.value, Ppt.DIV.value):
        raise RequestProblem.invalid("ppt", "not one of shaken, div")
    allowed = _SHAKEN_FIELDS if ppt == Ppt.SHAKEN.value else _DIV_FIELDS
    for name in fields:
        if name not in allowed:
            raise RequestProblem.invalid(name, f"not for ppt={ppt}")
    call_id = form.call_id(fields, identifier)
    if ppt == Ppt.DIV.value:
        return call_id, _diversion(fields, trunk, identifier=call_id, now=now)
    return call_id, _shaken(fields, trunk.dialling, new_origid=new_origid, now=now)


def _shaken(fields: form.Form, dialling: DiallingRules, *, new_origid: str, now: int) -> SigningRequest:
    wish = form.one(fields, "attest") or "A"
    if wish not in ("A", "B", "C"):
        raise RequestProblem.invalid("attest", "not one of A, B, C")
    shown = form.one(fields, "from")
    if shown is None:
        raise RequestProblem.missing("from")
    if "to" not in fields:
        raise RequestProblem.missing("to")
    return SigningRequest(
        wish=Attestation(wish),
        orig=form.number(shown, "from", dialling),
        dests=tuple(sorted({form.number(text, "to", dialling) for text in fields["to"]})),
        iat=form.whole(fields, "time", most=form.MAX_SECONDS) if "time" in fields else now,
        origid=read_origid(form.one(fields, "origid") or new_origid),
    )


def _diversion(fields: form.Form, trunk: Trunk, *, identifier: str, now: int) -> SignatureRequest:
    """A call that was to `diverted` and goes on to `request_uri` (RFC 8946)."""
    for name in ("diverted", "request_uri"):
        if name not in fields:
            raise RequestProblem.missing(name)
    call = DialplanVerdict(fields).on(trunk, identifier=identifier, now=now)
    orig = call.network_tn if call.orig is None else call.orig
    if orig is None:
        raise RequestProblem.missing("pai")
    if call.request_uri is None:
        raise RequestProblem.invalid("request_uri", "holds no telephone number")
    diverted = form.number(fields["diverted"][0], "diverted", trunk.dialling)
    return SignatureRequest(
        call=call,
        orig=orig,
        dests=tuple(sorted(set(call.dests))),
        identities=tuple(fields.get("identity", ())),
        wishes=(DiversionWish(diverted, call.request_uri, None),),
    )


def render_verdict(verdict: Verdict, verification: Verification, *, generation: int) -> dict[str, str]:
    """The answer, key by key."""
    treatment, outcome = verdict.treatment, verification.outcome
    deciding = verdict.deciding
    if deciding is None:
        reason, detail = outcome.finding.reason, outcome.finding.detail or outcome.finding.description
    else:
        reason, detail = deciding.reason, deciding.detail
    return _ascii(
        {
            "action": verdict.action.value,
            "verstat": verdict.verstat.value,
            "attest": verdict.attest or "",
            "origid": verdict.origid or "",
            "cli": verdict.cli.value,
            "reason": reason.code,
            "detail": detail or reason.words,
            "sip_status": "" if treatment.status is None else str(treatment.status),
            "sip_phrase": treatment.phrase or "",
            "sip_contact": treatment.headers.get("Contact", ""),
            "sip_reason": treatment.headers.get("Reason", ""),
            "stir_reason": ", ".join(reason_values(verification.headers)),
            "score": f"{verdict.score:.2f}",
            "degraded": ",".join(verdict.degraded),
            "generation": str(generation),
        }
    )


def render_signing(identity: str, attest: str = "") -> dict[str, str]:
    """The answer with the Identity header's value."""
    return {"identity": identity, "attest": attest}


def render_text(answer: Mapping[str, str], accept: str | None) -> tuple[str, str]:
    """The media type and the body: one line a key, or all of them as one for whoever asks for a form."""
    if accept is not None and FORM in accept.lower():
        return FORM, urlencode(answer)
    return TEXT, "".join(f"{key}={value}\n" for key, value in answer.items())


def render_headers(answer: Mapping[str, str]) -> dict[str, str]:
    """The same as headers: `sip_status` is `Callmark-Sip-Status`."""
    return {f"Callmark-{key.replace('_', '-').title()}": value for key, value in answer.items()}


def render_error(error: RequestProblem | Problem) -> ErrorAnswer:
    """One line: `error=`, a code, a sentence."""
    problem = as_problem(error)
    sentence = " ".join(filter(None, (problem.title, problem.detail)))
    said = _ascii({"error": f"{problem.code} {sentence}"})
    line = f"error={said['error']}\n"
    headers = {**problem.headers, "Callmark-Error": problem.code}
    return ErrorAnswer(problem.status, f"{TEXT}; charset=utf-8", line.encode(), headers)


DIALPLAN: Final = Dialect(
    takes=FORM,
    gives=frozenset({TEXT, FORM, "text/*", "application/*", "*/*"}),
    render_error=render_error,
)


def _ascii(answer: Mapping[str, str]) -> dict[str, str]:
    """Nothing that could end a line or begin a header; details may quote files of the operator's."""
    return {key: in_ascii(value) for key, value in answer.items()}
