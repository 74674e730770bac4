"""The HTTP interface of secsipidx, for a trial: the same requests, the same form of answer.

    POST /v1/check       an Identity header's value        OK, or FAILED
    POST /v1/sign-csv    ORIG,DEST,ATTEST,ORIGID,X5U       the Identity header's value

What cannot be the same: a failure is a 4xx, as a switch takes servers out of rotation that answer 5xx;
`ATTEST` is a wish; `X5U` is not looked at, since the gateway's key belongs to one certificate. The body may
have any media type: `curl --data` calls it a form.

`/v1/check` is told nothing of the call, so the PASSporT's own numbers stand for it and its time is now.
"""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.attestation.decide import Attestation
from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, as_problem, in_ascii
from gateway.calls.dialects.fields import read_origid, telephone_number
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.signing import SigningRequest
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import DiallingRules, NumberError, canonical
from gateway.passport.claims import ShakenClaims
from gateway.passport.fields import ClaimProblem
from gateway.passport.identity import IdentityError, parse_identity
from gateway.passport.passport import PassportError, decode
from gateway.reasons import INVALID_PARAMETER, MISSING_PARAMETER, Verstat
from gateway.verdicts.call import Call
from gateway.verification.outcome import Outcome
from gateway.web.problems import Problem

TEXT: Final = "text/plain"
OK: Final = "OK\n"
FAILED: Final = "FAILED\n\n"
TOO_FEW: Final = "too few tokens\n"
NOT_READ: Final = 400
NOT_PASSED: Final = 422
"""Of a header that was read and did not pass."""
SHADOW_HEADER: Final = "Callmark-Shadow"
"""In a trial: in what our answer differs from the one that is given."""
REASON_HEADER: Final = "Callmark-Reason"
"""Why, beside the answer: a code of docs/reasons.md, or a sentence for what could not be read."""

_TOKENS: Final = 5


def parse_check(body: bytes, trunk: Trunk, *, now: int) -> tuple[Call, str]:
    """The call that the header itself speaks of, and the header. Raises RequestProblem.

    Asked again, the same header is the same call.
    """
    text = _text(body)
    try:
        claims = decode(parse_identity(text).token).claims
    except (IdentityError, PassportError) as error:
        raise RequestProblem.invalid("identity", error.problem) from None
    if isinstance(claims, ClaimProblem):
        raise RequestProblem.invalid("identity", f"its claim {claims.claim} is missing or of another form")
    if claims.orig is None or not claims.dest:
        raise RequestProblem.invalid("identity", "it speaks of no telephone numbers")
    try:
        orig = canonical(claims.orig, trunk.dialling)
        dests = tuple(canonical(dest, trunk.dialling) for dest in claims.dest)
    except NumberError as error:
        raise RequestProblem.invalid("identity", error.problem) from None
    call = Call(
        id=f"check-{hashlib.sha256(text.encode()).hexdigest()[:32]}",
        trunk=trunk.name,
        trunk_kind=trunk.kind,
        time=now,
        orig=orig,
        network_tn=None,
        dests=dests,
    )
    return call, text


def parse_sign_csv(body: bytes, dialling: DiallingRules, *, new_origid: str, now: int) -> SigningRequest:
    """A line of five values. Raises RequestProblem; MISSING_PARAMETER for a line of fewer."""
    tokens = [token.strip() for token in _text(body).split(",")]
    if len(tokens) < _TOKENS:
        raise RequestProblem.missing("X5U")
    orig, dest, attest, origid, _ = tokens[:_TOKENS]
    if attest not in ("A", "B", "C"):
        raise RequestProblem.invalid("ATTEST", "not one of A, B, C")
    return SigningRequest(
        wish=Attestation(attest),
        orig=telephone_number(orig, "ORIG", dialling),
        dests=(telephone_number(dest, "DEST", dialling),),
        iat=now,
        origid=read_origid(origid or new_origid),
    )


def render_check(outcome: Outcome) -> tuple[int, str]:
    """Status and body."""
    return (200, OK) if outcome.verstat is Verstat.TN_VALIDATION_PASSED else (NOT_PASSED, FAILED)


def differences(ours: str, theirs: str) -> tuple[str, ...]:
    """In what two answers differ, in words without numbers; two headers are compared by what they claim."""
    our_claims, their_claims = _claims(ours), _claims(theirs)
    if our_claims is None or their_claims is None:
        same = ours.strip() == theirs.strip()
        return () if same else (f"{_word(theirs)} became {_word(ours)}",)
    found = []
    if our_claims.attest != their_claims.attest:
        found.append(f"attest {_attest(their_claims)} became {_attest(our_claims)}")
    if our_claims.orig != their_claims.orig:
        found.append("orig is written otherwise")
    if our_claims.dest != their_claims.dest:
        found.append("dest is written otherwise")
    return tuple(found)


def _claims(answer: str) -> ShakenClaims | None:
    try:
        claims = decode(parse_identity(answer.strip()).token).claims
    except (IdentityError, PassportError):
        return None
    return claims if isinstance(claims, ShakenClaims) else None


def _attest(claims: ShakenClaims) -> str:
    return claims.attest if claims.attest in ("A", "B", "C") else "another"


def _word(answer: str) -> str:
    text = answer.strip()
    if text in ("OK", "FAILED", "too few tokens"):
        return text
    return "another answer" if _claims(answer) is None else "a signature"


def render_error(error: RequestProblem | Problem) -> ErrorAnswer:
    """`FAILED`, or for a line that is too short what secsipidx says of one; why stands in a header."""
    problem = as_problem(error)
    is_short = isinstance(error, RequestProblem) and error.exception is MISSING_PARAMETER
    why = problem.title
    if isinstance(error, RequestProblem) and error.exception is INVALID_PARAMETER:
        why = f"{error.variables[0]}: {error.variables[1]}"
    headers = {**problem.headers, REASON_HEADER: in_ascii(why)}
    body = TOO_FEW if is_short else FAILED
    return ErrorAnswer(problem.status, f"{TEXT}; charset=utf-8", body.encode(), headers)


SECSIPIDX: Final = Dialect(takes="", gives=frozenset(), render_error=render_error)


def _text(body: bytes) -> str:
    """The body as text; secsipidx drops white space around it."""
    try:
        return body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise RequestProblem.invalid("body", "not ASCII") from None
