"""A call with its inspected Identity headers, in words for a person and as a document for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.calls.dialects.atis import render_verification
from gateway.cli.call_inspection import CallInspection, shown
from gateway.cli.certificate_words import certificate_document
from gateway.cli.explanation import explain, remedies, warnings_of
from gateway.cli.inspection import Inspection
from gateway.cli.steps import steps
from gateway.cli.wording import finding_words, mark, row, safe, title
from gateway.passport.diversion import DivClaims
from gateway.passport.ppt import Ppt
from gateway.reasons import VERIFIED, Finding
from gateway.verification.conclude import HeaderResult
from gateway.verification.diversion import Chain
from gateway.verification.reason_header import reason_values
from gateway.verification.rich import ProvenData

_WIDTH: Final = 96


def explain_call(call: CallInspection) -> Iterator[str]:
    """Everything, header after header, and then what the gateway answers."""
    several = len(call.headers) > 1
    for place, inspection in enumerate(call.headers, start=1):
        if several:
            name = _type_of(call.verification.headers[place - 1])
            yield from ([""] if place > 1 else [])
            yield f"== Header {place} of {len(call.headers)}: {name} ".ljust(_WIDTH, "=")
        yield from explain(inspection, alike=_with_its_certificates(call, inspection, before=place))
    if several:
        yield "\n" + "== The call ".ljust(_WIDTH, "=")
    if call.assumed:
        yield title("What was not given")
        yield from (f"  {sentence}" for sentence in call.assumed)
    yield from _diversion_lines(call)
    yield from _answer_lines(call)
    advice = tuple(_advice(call))
    if advice:
        yield title("What can be done")
        yield from (f"  {each}" for each in advice)


def answer_alone(call: CallInspection) -> Iterator[str]:
    """What the gateway answers, and nothing else."""
    for line in _answer_lines(call):
        yield line.lstrip("\n")


def document(call: CallInspection) -> Mapping[str, object]:
    """The same for a program."""
    verification = call.verification
    outcome, priority, rich = verification.outcome, verification.priority, verification.rich
    return {
        "passed": call.passed,
        "verstat": outcome.verstat.value,
        "code": outcome.finding.reason.code,
        "answer": render_verification(outcome),
        "reason": list(reason_values(verification.headers)),
        "diversion": None
        if verification.diversion is None
        else {
            "verstat": verification.diversion.verstat.value,
            "code": verification.diversion.finding.reason.code,
            "diverted": list(verification.diversion.diverted),
        },
        "priority": None
        if priority is None
        else {"verstat": priority.verstat.value, "auth": list(priority.auth), "sph": priority.sph},
        "rich": {"nam": rich.data.nam, "crn": rich.data.crn} if isinstance(rich, ProvenData) else None,
        "remedies": list(_advice(call)),
        "judged_at": call.request.time,
        "assumed": list(call.assumed),
        "headers": [
            _header_document(inspection, result)
            for inspection, result in zip(call.headers, verification.headers, strict=True)
        ],
    }


def _header_document(inspection: Inspection, result: HeaderResult | None) -> Mapping[str, object]:
    parts, credential = inspection.parts, inspection.credential
    identity, passport = parts.identity, parts.passport
    of_call = {} if result is None else {"ppt": _type_of(result), "verstat": result.outcome.verstat.value}
    return {
        **of_call,
        "steps": [
            {
                "step": each.step.label,
                "topic": each.step.topic,
                "passed": each.passed,
                "findings": [_finding_document(finding) for finding in each.findings],
            }
            for each in steps(inspection)
        ],
        "parameters": None
        if identity is None
        else {"info": identity.info, "alg": identity.alg, "ppt": identity.ppt}
        | dict(identity.other_parameters),
        "stopped": None if parts.stopped is None else parts.stopped.problem,
        "header": None if passport is None else dict(passport.header),
        "claims": None if passport is None else dict(passport.payload),
        "signed": None if passport is None else passport.signing_input.decode("ascii"),
        "certificates": None
        if credential is None
        else {
            "source": credential.source,
            "anchored": credential.is_anchored,
            "chain": [certificate_document(one) for one in credential.certificates],
            "warnings": [_finding_document(finding) for finding in warnings_of(inspection)],
        },
        "within": [_header_document(nested, None) for nested in inspection.nested],
    }


def _finding_document(finding: Finding) -> Mapping[str, str]:
    return {
        "code": finding.reason.code,
        "words": finding.reason.words,
        "detail": finding.detail,
        "parameter": finding.parameter,
        "remedy": finding.reason.remedy,
    }


def _diversion_lines(call: CallInspection) -> Iterator[str]:
    """Every link, where the call came from and where each leads; in their order, where there is one."""
    links = {
        place: inspection
        for place, inspection in enumerate(call.headers)
        if isinstance(inspection.parts.claims, DivClaims)
    }
    if not links:
        return
    yield title("The call's diversions (RFC 8946 section 4.2)")
    origins = [
        f"header {place}, {_type_of(result)}"
        for place, result in enumerate(call.verification.headers, start=1)
        if result.ppt not in (None, Ppt.DIV, Ppt.DIV_O, Ppt.RPH)
    ]
    called = ", ".join(sorted(map(shown, call.request.dests)))
    yield row("called", f"{called}  ({'; '.join(origins) or 'signed by no header'})")
    order = call.chain.places if isinstance(call.chain, Chain) else tuple(links)
    for place in order:
        claims = links[place].parts.claims
        if isinstance(claims, DivClaims):
            refused = links[place].findings
            words = f"  {finding_words(refused[0])}" if refused else ""
            dests = ", ".join(map(safe, (*claims.dest, *claims.dest_uri)))
            start = safe(claims.div or claims.div_uri or "")
            yield f"  {mark(passed=not refused)} header {place + 1}  {start} sends it on to {dests}{words}"
    diversion = call.verification.diversion
    if diversion is not None:
        holds = diversion.finding.reason is VERIFIED
        words = "the diversions hold, link by link" if holds else finding_words(diversion.finding)
        yield f"  {mark(passed=holds)} together: {words}"


def _answer_lines(call: CallInspection) -> Iterator[str]:
    verification = call.verification
    outcome = verification.outcome
    yield title("What the gateway answers")
    yield row("verstat", outcome.verstat.value)
    cause = outcome.finding.reason.cause
    if outcome.passport is None and cause is not None:
        yield row("reasoncode", str(cause.code))
        yield row("reasontext", cause.api_text)
        yield row("reasondesc", outcome.finding.description)
    yield row("code", outcome.finding.reason.code)
    yield f"  {finding_words(outcome.finding)}"
    if len(call.headers) > 1:
        for place, result in enumerate(verification.headers, start=1):
            finding = result.outcome.finding
            holds = mark(passed=result.outcome.passport is not None)
            yield f"  {holds} header {place}, {_type_of(result)}: {finding.reason.code}"
    if verification.priority is not None:
        values = ", ".join(verification.priority.auth)
        yield row("priority", verification.priority.verstat.value + (f" ({values})" if values else ""))
    if isinstance(verification.rich, ProvenData):
        data = verification.rich.data
        name = "none given" if data.nam is None else safe(data.nam)
        yield row("name", name + (f" ({safe(data.crn)})" if data.crn else ""))
    elif verification.rich is not None:
        yield row("name", f"not believed: {finding_words(verification.rich)}")
    for value in reason_values(verification.headers):
        yield row("Reason", value)


def _with_its_certificates(call: CallInspection, inspection: Inspection, *, before: int) -> int | None:
    """An earlier header with the same certificates, which need not be shown twice."""
    if inspection.credential is None or not inspection.credential.certificates:
        return None
    for place, earlier in enumerate(call.headers[: before - 1], start=1):
        if earlier.credential is not None and earlier.credential == inspection.credential:
            return place
    return None


def _advice(call: CallInspection) -> Iterator[str]:
    yield from dict.fromkeys(each for inspection in call.headers for each in remedies(inspection))


def _type_of(result: HeaderResult) -> str:
    return "of no type known here" if result.ppt is None else result.ppt.label
