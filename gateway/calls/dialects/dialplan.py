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

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.call_body import MAX_IDENTITIES
from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, as_problem, in_ascii
from gateway.calls.dialects.fields import MAX_DESTINATIONS, number_in_uri, read_origid
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import SigningRequest
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.reasons import MISSING_BODY, UNPARSABLE_BODY
from gateway.verdicts.call import Call, Roaming
from gateway.verdicts.verdict import Verdict
from gateway.verification.conclude import Verification
from gateway.verification.reason_header import reason_values
from gateway.web.problems import Problem, printable

FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"
MAX_FIELDS: Final = 64
MAX_MS: Final = 10_000
_MAX_VALUE: Final = 2048
"""Characters of every field but `identity`, which has a bound of its own."""
_MAX_ID: Final = 256
_MAX_SECONDS: Final = 2**53

_VERDICT_FIELDS: Final = frozenset(
    {"id", "from", "to", "pai", "request_uri", "identity", "anonymous", "roaming", "time", "trunk"}
    | {"max_ms", "resource_priority", "priority"}
)
_SIGNING_FIELDS: Final = frozenset({"id", "from", "to", "attest", "origid", "time"})
_REPEATED: Final = {"to": MAX_DESTINATIONS, "identity": MAX_IDENTITIES}
_WITHOUT_NUMBER: Final = re.compile(
    r"(?:sips?:)?(?:anonymous|restricted|unavailable|unknown|private)(?:@.*)?", re.IGNORECASE
)
"""What switches show in place of a number (RFC 3323 section 4.1.1.3 for the first)."""
_IN_BRACKETS: Final = re.compile(r"[^<]*<([^<>]*)>.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DialplanVerdict:
    """A request for a verdict whose trunk is not chosen yet."""

    fields: Mapping[str, list[str]]

    @property
    def trunk(self) -> str | None:
        """The trunk the switch says the call came in by; whether that counts is for the road to say."""
        return _one(self.fields, "trunk")

    @property
    def max_ms(self) -> int | None:
        """How long the switch waits. Raises RequestProblem."""
        return None if "max_ms" not in self.fields else _whole(self.fields, "max_ms", most=MAX_MS)

    @property
    def identities(self) -> tuple[str, ...]:
        """The values of the call's Identity headers."""
        return tuple(self.fields.get("identity", ()))

    def on(self, trunk: Trunk, *, identifier: str, now: int) -> Call:
        """The call, its numbers read by the trunk's dialling rules. Raises RequestProblem.

        `identifier` and `now` stand for the `id` and `time` of a switch that sends none.
        """
        fields, dialling = self.fields, trunk.dialling
        shown = _one(fields, "from")
        anonymous = _flag(fields, "anonymous")
        if shown is None or _WITHOUT_NUMBER.fullmatch(_address(shown)):
            if shown is None and not anonymous:
                raise RequestProblem.missing("from")
            shown, anonymous = None, True
        pai, request_uri = _one(fields, "pai"), _one(fields, "request_uri")
        priorities = _one(fields, "resource_priority")
        priority = _one(fields, "priority")
        if "to" not in fields:
            raise RequestProblem.missing("to")
        return Call(
            id=_id(fields, identifier),
            trunk=trunk.name,
            trunk_kind=trunk.kind,
            time=_whole(fields, "time", most=_MAX_SECONDS) if "time" in fields else now,
            orig=None if shown is None else _number(shown, "from", dialling),
            network_tn=None if pai is None else _number(pai, "pai", dialling),
            dests=tuple(_number(text, "to", dialling) for text in fields["to"]),
            anonymous=anonymous,
            roaming=_roaming(fields),
            request_uri=None if request_uri is None else _number_if_any(request_uri, dialling),
            resource_priority=None
            if priorities is None
            else frozenset(value.strip().lower() for value in priorities.split(",") if value.strip()),
            priority=None if priority is None else priority.lower(),
        )


def parse_verdict(body: bytes) -> DialplanVerdict:
    """A request for a verdict. Raises RequestProblem (SVC4000, SVC4001, SVC4005, SVC4006)."""
    return DialplanVerdict(_fields(body, _VERDICT_FIELDS))


def parse_signing(body: bytes, dialling: DiallingRules, *, new_origid: str, now: int) -> SigningRequest:
    """A request for a signature. Raises RequestProblem.

    Without `attest` the wish is A: what is granted follows from the carrier's records either way.
    """
    fields = _fields(body, _SIGNING_FIELDS)
    wish = _one(fields, "attest") or "A"
    if wish not in ("A", "B", "C"):
        raise RequestProblem.invalid("attest", "not one of A, B, C")
    shown = _one(fields, "from")
    if shown is None:
        raise RequestProblem.missing("from")
    if "to" not in fields:
        raise RequestProblem.missing("to")
    return SigningRequest(
        wish=Attestation(wish),
        orig=_number(shown, "from", dialling),
        dests=tuple(sorted({_number(text, "to", dialling) for text in fields["to"]})),
        iat=_whole(fields, "time", most=_MAX_SECONDS) if "time" in fields else now,
        origid=read_origid(_one(fields, "origid") or new_origid),
    )


def render_verdict(verdict: Verdict, verification: Verification, *, generation: int) -> dict[str, str]:
    """The answer, key by key."""
    treatment, outcome = verdict.treatment, verification.outcome
    deciding = next((hit for hit in verdict.hits if hit.speaks), None)
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


def render_signing(identity: str, attest: str) -> dict[str, str]:
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


def _fields(body: bytes, known: frozenset[str]) -> dict[str, list[str]]:
    if not body.strip():
        raise RequestProblem(MISSING_BODY)
    try:
        pairs = parse_qsl(
            body.decode("ascii").strip("\r\n"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        # Whatever it says repeats what was sent.
        why = f"not a form of name=value pairs, at most {MAX_FIELDS}"
        raise RequestProblem(UNPARSABLE_BODY, (why,)) from None
    fields: dict[str, list[str]] = {}
    for name, text in pairs:
        if name not in known:
            raise RequestProblem.invalid(name[:64], f"not known here; known are {', '.join(sorted(known))}")
        value = text.strip()
        if not value:
            continue
        several = fields.setdefault(name, [])
        if len(several) == _REPEATED.get(name, 1):
            raise RequestProblem.invalid(name, "stands too often")
        if name != "identity" and len(value) > _MAX_VALUE:
            raise RequestProblem.invalid(name, f"longer than {_MAX_VALUE} characters")
        several.append(value)
    return fields


def _one(fields: Mapping[str, list[str]], name: str) -> str | None:
    return fields[name][0] if name in fields else None


def _id(fields: Mapping[str, list[str]], identifier: str) -> str:
    given = _one(fields, "id") or identifier
    if len(given) > _MAX_ID:
        raise RequestProblem.invalid("id", f"longer than {_MAX_ID} characters")
    return printable(given)


def _flag(fields: Mapping[str, list[str]], name: str) -> bool:
    value = _one(fields, name)
    if value not in (None, "true", "false", "1", "0", "yes", "no"):
        raise RequestProblem.invalid(name, "not one of true, false")
    return value in ("true", "1", "yes")


def _roaming(fields: Mapping[str, list[str]]) -> Roaming:
    value = _one(fields, "roaming") or Roaming.UNKNOWN.value
    try:
        return Roaming(value)
    except ValueError:
        raise RequestProblem.invalid("roaming", "not one of true, false, unknown") from None


def _whole(fields: Mapping[str, list[str]], name: str, *, most: int) -> int:
    text = fields[name][0]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most):
        raise RequestProblem.invalid(name, f"not a whole number from 1 to {most}")
    return int(text)


def _number(text: str, name: str, dialling: DiallingRules) -> TelephoneNumber:
    number = _number_if_any(text, dialling)
    if number is None:
        raise RequestProblem.invalid(name, "holds no telephone number")
    return number


def _number_if_any(text: str, dialling: DiallingRules) -> TelephoneNumber | None:
    return number_in_uri(_address(text), dialling)


def _address(text: str) -> str:
    """The address of a header's value, without display name and parameters."""
    bracketed = _IN_BRACKETS.fullmatch(text)
    return text if bracketed is None else bracketed[1]


def _ascii(answer: Mapping[str, str]) -> dict[str, str]:
    """Nothing that could end a line or begin a header; details may quote files of the operator's."""
    return {key: in_ascii(value) for key, value in answer.items()}
