"""One inspected Identity header in words for a person; decides nothing. The call: `call_words.py`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from gateway.certificates.chain import ValidatedChain
from gateway.cli.certificate_words import certificate_lines
from gateway.cli.inspection import Inspection
from gateway.cli.steps import StepResult, steps
from gateway.cli.wording import age, as_json, finding_words, lasting, mark, moment, row, safe, title
from gateway.numbers.canonical import to_e164
from gateway.passport.claims import Claims
from gateway.passport.diversion import DivClaims
from gateway.passport.passport import PassportError
from gateway.passport.priority import RphClaims
from gateway.passport.strict import Base64UrlError, read_base64url
from gateway.reasons import (
    CREDENTIAL_UNOBTAINABLE,
    DIV_CALLEE,
    IAT_STALE,
    IDENTITY_MALFORMED,
    RPH_MISMATCH,
    TN_MISMATCH,
    X5U_FORBIDDEN,
    Finding,
)

ATTEST_WORDS: Final = {
    "A": "full: the provider knows the caller and the caller's right to the number",
    "B": "partial: the provider knows the caller, not whether the number is the caller's",
    "C": "gateway: the provider only knows where the call entered its network",
}
"""RFC 8588 section 4, in short."""

_EXCERPT: Final = 36
# The parsers name the place in their sentence; where one does not, there is no excerpt.
_PLACE: Final = re.compile(r"(?:position|character) (\d+)")


def explain(inspection: Inspection, *, alike: int | None = None) -> Iterator[str]:
    """What is in one header, and the steps it passed; `alike` is an earlier one of the same certificates."""
    yield from _header_lines(inspection)
    yield from _claim_lines(inspection)
    if alike is None:
        yield from _credential_lines(inspection)
    else:
        yield title("Certificates")
        yield f"  Those of header {alike}."
    yield title(f"The steps of RFC 8224 section 6.2, as of {moment(inspection.examination.now)}")
    for result in steps(inspection):
        yield from _step_lines(result, inspection)
    for depth, nested in enumerate(inspection.nested, start=1):
        yield title(f"Within it, {depth}. PASSporT of {len(inspection.nested)}")
        yield from _claim_lines(nested)
        yield from _credential_lines(nested)
        yield title(f"Steps of the {depth}. PASSporT within")
        for result in steps(nested):
            yield from _step_lines(result, nested)


def _header_lines(inspection: Inspection) -> Iterator[str]:
    identity, stopped = inspection.parts.identity, inspection.parts.stopped
    yield title(f"Identity header, {len(inspection.value)} characters").lstrip("\n")
    if identity is not None:
        info = None
        if identity.info is not None:
            info = f"<{identity.info}>" if identity.info_is_bracketed else identity.info
        for name, value in (("info", info), ("alg", identity.alg), ("ppt", identity.ppt)):
            yield row(name, "(not there)" if value is None else safe(value))
        for name, other in identity.other_parameters:
            yield row(safe(name), f"{safe(other)}  (means nothing here)")
    if inspection.parts.is_compact:
        yield row("form", "compact: a signature alone, without the PASSporT's header and claims")
    elif stopped is not None:
        place = stopped.place if isinstance(stopped, PassportError) else ""
        where = f" (in {safe(place)})" if "/" in place else ""
        yield f"  {mark(passed=False)} Reading stopped here: {safe(stopped.problem)}{where}."
        read = inspection.value if identity is None else _part(identity.token, place)
        yield from _excerpt(read, stopped.problem)


def _part(token: str, place: str) -> str:
    """The text in which the place of a PassportError counts: the JSON of the part it names, else the part."""
    part = {"header": 0, "payload": 1}.get(place.partition("/")[0])
    if part is None:
        return token
    text = token.split(".")[part]
    try:
        return read_base64url(text).decode("utf-8", "replace")
    except Base64UrlError:
        return text


def _excerpt(text: str, problem: str) -> Iterator[str]:
    # One sign for one character, whatever it is: the mark below stands under the right one.
    text = "".join(character if character.isprintable() else "?" for character in text)
    found = _PLACE.search(problem)
    if found is None:
        yield f"    {text[: 2 * _EXCERPT]}{'...' * (len(text) > 2 * _EXCERPT)}"
        return
    place = int(found[1])
    start = max(0, place - _EXCERPT)
    yield f"    {text[start : place + _EXCERPT]}"
    yield f"    {' ' * (place - start)}^"


def _claim_lines(inspection: Inspection) -> Iterator[str]:
    passport, claims = inspection.parts.passport, inspection.parts.claims
    if passport is None:
        return
    yield title("PASSporT header")
    for name, value in passport.header.items():
        yield row(safe(name), as_json(value))
    yield title("Claims (a stranger's word unless every step below has its tick)")
    for name, value in passport.payload.items():
        words = ""
        if name == "iat" and claims is not None:
            words = f"{moment(claims.iat)}, {age(inspection.examination.now - claims.iat)}"
        elif name == "attest" and isinstance(value, str):
            words = ATTEST_WORDS.get(value, "")
        elif claims is not None:
            words = _claim_words(name, claims)
        yield row(safe(name), as_json(value) + (f"  ({words})" if words else ""))
    yield title("Signature")
    data, signature = passport.signing_input, passport.signature
    yield row("signed", f"{len(data)} bytes, as received; SHA-256 {hashlib.sha256(data).hexdigest()}")
    if signature is None:
        yield row("signature", "is not base64url, or longer than any")
    elif len(signature) != 64:
        yield row("signature", f"{len(signature)} bytes; ES256 has 64: r and s of 32 each (RFC 7518 3.4)")
    else:
        yield row("r", signature[:32].hex())
        yield row("s", signature[32:].hex())


def _claim_words(name: str, claims: Claims) -> str:
    """What a claim of an extension says, where its name does not."""
    if isinstance(claims, DivClaims):
        return {
            "dest": "where the call was sent on to",
            "div": "the number that sent it on, for which the signer answers",
            "opt": "the PASSporT before this diversion, explained below",
        }.get(name, "")
    return {
        "rcd": "what the caller says of itself",
        "rcdi": "digests of that, so that nobody can exchange it",
        "crn": "why the call is made",
        "rph": "the priority the call may ask for",
        "sph": "a call back from an emergency control room",
    }.get(name, "")


def _credential_lines(inspection: Inspection) -> Iterator[str]:
    credential = inspection.credential
    yield title("Certificates")
    if credential is None:
        yield "  Not looked for: the header already refuses by itself."
        return
    yield f"  {credential.source}"
    yield from certificate_lines(credential, now=inspection.examination.now)
    for finding in warnings_of(inspection):
        yield f"  Warning: {finding_words(finding)}"
        if finding.reason.remedy:
            yield f"           {finding.reason.remedy}"


def warnings_of(inspection: Inspection) -> tuple[Finding, ...]:
    """What is to be said of the chain though it is believed."""
    judged = None if inspection.credential is None else inspection.credential.judged
    return judged.warnings if isinstance(judged, ValidatedChain) else ()


def _step_lines(result: StepResult, inspection: Inspection) -> Iterator[str]:
    head = f"  {mark(passed=result.passed)} {result.step.label:<8} {result.step.topic}:"
    if result.passed is None:
        yield f"{head} not looked at"
    elif result.passed:
        yield f"{head} {result.step.holds}"
    for position, finding in enumerate(result.findings):
        yield f"{head if position == 0 else ' ' * 12} {finding_words(finding)}"
    yield from (f"{' ' * 13}{line}" for line in _compared(result, inspection))


def _compared(result: StepResult, inspection: Inspection) -> Iterator[str]:
    """What was held against what, where that is what refuses."""
    claims, examination = inspection.parts.claims, inspection.examination
    request = examination.request
    met = {finding.reason for finding in result.findings}
    if claims is None:
        return
    signed = ", ".join(map(safe, (*claims.dest, *claims.dest_uri)))
    if TN_MISMATCH in met:
        called = ", ".join(to_e164(tn) for tn in sorted(request.dests))
        yield f"signed: {safe(claims.orig or claims.orig_uri or '')} to {signed}"
        yield f"call:   {to_e164(request.orig)} to {called}"
        if request.request_uri is not None and request.request_uri not in request.dests:
            yield f"        and on to {to_e164(request.request_uri)}"
    if DIV_CALLEE in met:
        called = ", ".join(to_e164(tn) for tn in sorted(request.dests))
        leads = called if request.request_uri is None else to_e164(request.request_uri)
        yield f"signed: on to {signed}"
        yield f"call:   to {leads}"
    if RPH_MISMATCH in met and isinstance(claims, RphClaims):
        asked = ", ".join(sorted(request.resource_priority or ())) or "none"
        yield f"signed: {', '.join(claims.auth)}" + (f"; Priority {claims.sph}" if claims.sph else "")
        yield f"call:   {safe(asked)}" + (f"; Priority {safe(request.priority)}" if request.priority else "")
    if IAT_STALE in met:
        time = request.time
        apart = "before" if claims.iat < time else "after"
        yield f"signed: {moment(claims.iat)}, {lasting(abs(time - claims.iat))} {apart} the call"
        yield f"call:   {moment(time)}; at most {lasting(examination.freshness_seconds)} apart are allowed"


def remedies(inspection: Inspection) -> Iterator[str]:
    """What each refusal's row advises, and what this command can show beyond it."""
    claims = inspection.parts.claims
    findings = [*inspection.findings, *(each for one in inspection.nested for each in one.findings)]
    for finding in findings:
        # That row sends people here.
        if finding.reason.remedy and finding.reason is not IDENTITY_MALFORMED:
            yield f"{finding.reason.code}: {finding.reason.remedy}"
    met = {finding.reason for finding in findings}
    identity = inspection.parts.identity
    if identity is not None and identity.parameter_count == 0 and inspection.parts.passport is not None:
        yield "What was given is a PASSporT alone; the header goes on: ;info=<https://...>;alg=ES256;ppt=shaken"
    if IAT_STALE in met and claims is not None:
        yield f"To judge it as of the moment it was signed, add: --time {claims.iat}"
    if not met.isdisjoint({CREDENTIAL_UNOBTAINABLE, X5U_FORBIDDEN}):
        yield "If you have the certificate (PEM, signing certificate first), add: --certificate FILE"
