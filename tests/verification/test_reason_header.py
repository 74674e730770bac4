"""Reason values that a switch copies into a response (RFC 9410 section 4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.ppt import Ppt
from gateway.reasons import REASONS, REVOCATION_UNKNOWN, SIGNATURE_INVALID, Finding, Verstat
from gateway.verification.conclude import HeaderResult
from gateway.verification.outcome import Outcome
from gateway.verification.reason_header import reason_values
from tests.passport.keys import X5U
from tests.verification.calls import A, B, bare, div, identity, rph, shaken, verified

REFUSED = Outcome.refused(Finding(SIGNATURE_INVALID))
SAFE = re.compile(r'STIR;cause=4\d\d;text="[A-Za-z ]+"(;ppi="\.\.[A-Za-z0-9_-]+")?')


def test_each_refused_header_is_named_by_its_signature():
    broken, good = shaken(A, spoilt=True), shaken(A)
    signature = bare(broken).rpartition(".")[2]
    assert reason_values(verified(good, broken).headers) == (
        f'STIR;cause=438;text="Invalid Identity Header";ppi="..{signature}"',
    )


def test_causes_have_the_phrases_of_rfc_8224():
    found = verified(shaken(A, iat=1), f"{bare(shaken(A))};ppt=shaken", rph(A, spoilt=True))
    assert [value.rpartition(";ppi")[0] for value in reason_values(found.headers)] == [
        'STIR;cause=403;text="Stale Date"',
        'STIR;cause=436;text="Bad Identity Info"',
        'STIR;cause=438;text="Invalid Identity Header"',
    ]


def test_a_chain_that_does_not_join_is_said_of_its_links():
    assert len(reason_values(verified(shaken(A), div(A, B), to=(A,), request_uri=A).headers)) == 1


def test_nothing_is_said_of_what_passed_or_was_ignored():
    assert reason_values(verified(shaken(A), identity("msg", {})).headers) == ()
    warning = HeaderResult("a.b.c", None, Outcome(Verstat.NO_TN_VALIDATION, Finding(REVOCATION_UNKNOWN)))
    assert reason_values([warning]) == ()


@pytest.mark.parametrize(
    "token",
    ["", "a.b.", "a.b.c\r\nX: y", 'a.b.c"', "a.b.c;x=y", "a.b.é", "a.b." + "c" * 129, "a.b.c\n", "a.b.A=A"],
)
def test_what_is_no_signature_is_left_out(token):
    assert reason_values([HeaderResult(token, Ppt.SHAKEN, REFUSED)]) == (
        'STIR;cause=438;text="Invalid Identity Header"',
    )


@given(
    st.text(max_size=30) | st.from_regex(r"[a-z.]{0,9}[\"\r\n;a-z]{0,9}"),
    st.sampled_from([reason for reason in REASONS.values() if reason.verstat is not None]),
)
def test_any_token_and_reason_make_a_value_that_is_safe_to_copy(token, reason):
    result = HeaderResult(token, None, Outcome(Verstat.NO_TN_VALIDATION, Finding(reason, "a\r\nb", "c\r\nd")))
    assert all(SAFE.fullmatch(value) for value in reason_values([result]))


@given(st.text(max_size=40))
def test_any_identity_value_makes_values_that_are_safe_to_copy(text):
    value = f"{text};info=<{X5U}>;ppt=shaken"
    assert all(SAFE.fullmatch(each) for each in reason_values(verified(value).headers))
