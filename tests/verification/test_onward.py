"""Which calls can be sent on with one diversion more, and with which `iat` (RFC 8946 section 4.1)."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import UK
from gateway.reasons import (
    DIV_ALONE,
    DIV_BROKEN,
    DIV_CALLEE,
    DIV_LENGTH,
    DIV_LOOP,
    SIGN_DIV_ORIGIN,
    Finding,
    Reason,
)
from gateway.verification.onward import retained_iat
from gateway.verification.profile import ATIS, FRANCE_MAN, Profile
from tests.verification.calls import A, B, C, CallDraft, D, base, div, div_o, rcd, rph, shaken
from tests.verification.drafts import NOW, POLICY

LINE = [A, B, C, D, "447700900301", "447700900302"]


def sent_on(
    *identities: str, start: str = A, to: str = D, now: int = NOW, profile: Profile = ATIS
) -> int | Finding:
    """The call came to `start` with these headers and goes on to `to`."""
    came = CallDraft(list(identities), request_uri=start).requests()
    return retained_iat(
        came, TelephoneNumber(to), policy=POLICY, dialling=UK.dialling, now=now, profile=profile
    )


def why_not(*identities: str, **how: str | Profile) -> Reason | None:
    found = sent_on(*identities, **how)  # type: ignore[arg-type]
    return found.reason if isinstance(found, Finding) else None


@pytest.mark.parametrize("first", [shaken, base, rcd])
def test_the_time_is_that_of_the_passport_that_led_here(first):
    assert sent_on(first(A, iat=NOW - 30)) == NOW - 30
    links = [div(A, B, iat=NOW - 20), div(B, C, iat=NOW - 10)]
    for ordered in permutations([first(A, iat=NOW - 30), *links]):
        assert sent_on(*ordered, start=C) == NOW - 10


def test_other_headers_beside_it_change_nothing():
    others = ["not a header", rph(A), shaken(B), shaken(A, iat=NOW - 3600)]
    assert sent_on(*others, shaken(A, iat=NOW - 5)) == NOW - 5


def test_certificates_are_not_asked_for():
    assert sent_on(shaken(A, spoilt=True)) == NOW


@pytest.mark.parametrize(
    ("identities", "start", "to", "reason"),
    [
        ([], A, D, SIGN_DIV_ORIGIN),
        (["not a header"], A, D, SIGN_DIV_ORIGIN),
        ([rph(A)], A, D, SIGN_DIV_ORIGIN),
        ([rph(A), div(A, B)], B, D, SIGN_DIV_ORIGIN),
        ([shaken(B)], A, D, SIGN_DIV_ORIGIN),
        ([shaken(A, iat=NOW - 61)], A, D, SIGN_DIV_ORIGIN),
        ([div_o(A, B, shaken(A).partition(";")[0])], B, D, SIGN_DIV_ORIGIN),
        ([div(A, B)], B, D, DIV_ALONE),
        ([shaken(A), div(A, B)], C, D, DIV_CALLEE),
        ([shaken(A), div(B, C)], C, D, DIV_BROKEN),
        ([shaken(A)], A, A, DIV_LOOP),
        ([shaken(A), div(A, B)], B, A, DIV_LOOP),
        ([shaken(A), div(A, B)], B, B, DIV_LOOP),
    ],
)
def test_a_call_that_nothing_leads_to_is_not_sent_on(identities, start, to, reason):
    assert why_not(*identities, start=start, to=to) is reason


def test_a_refusal_names_what_is_wrong_with_the_header_there_is():
    found = sent_on("not a header")
    assert isinstance(found, Finding)
    assert found.detail == "stir.identity.malformed"


def test_a_call_without_headers_has_nothing_to_name():
    assert sent_on() == Finding(SIGN_DIV_ORIGIN)


def test_headers_are_read_by_the_rules_of_the_trunk_they_came_on():
    without = shaken(A).replace(";alg=ES256", "")
    assert sent_on(without) == NOW
    assert why_not(without, profile=FRANCE_MAN) is SIGN_DIV_ORIGIN


def test_what_is_wrong_with_the_diversion_to_be_signed_is_said():
    back = sent_on(shaken(A), to=A)
    assert isinstance(back, Finding)
    assert back.detail
    assert back.parameter == "div"


@pytest.mark.parametrize("hops", range(6))
def test_the_sixth_diversion_is_one_too_many(hops):
    line = LINE[: hops + 1]
    links = [div(start, end) for start, end in pairwise(line)]
    found = sent_on(shaken(A), *links, start=line[-1], to="447700900999")
    if hops < 5:
        assert found == NOW
    else:
        assert isinstance(found, Finding)
        assert found.reason is DIV_LENGTH
        assert found.detail
