"""secsipidx's bodies as the drop-in reads them; `tests/conformance` puts the answers beside its own."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls.dialects import secsipidx
from gateway.calls.dialects.problem import RequestProblem
from gateway.generation.trunks import Profile, Trunk
from gateway.numbers.canonical import DiallingRules
from gateway.reasons import SIGNATURE_INVALID, Finding
from gateway.verification.outcome import Outcome
from gateway.web.problems import forbidden
from tests.integration.tokens import FROM, ORIGID, TO, make_token
from tests.pki import new_key

RULES = DiallingRules()
TRUNK = Trunk("t", "domestic", "GB", (), "", Profile.ATIS, RULES)
X5U = "https://certs.example.org/shaken.pem"
NOW = int(time.time())


def header(**changes: object) -> bytes:
    token = make_token(new_key(), X5U, payload=changes)
    return f"{token};info=<{X5U}>;alg=ES256;ppt=shaken".encode()


def test_the_call_is_the_one_the_header_speaks_of():
    body = header()
    call, identity = secsipidx.parse_check(body + b"\r\n", TRUNK, now=NOW)
    assert (call.orig, call.dests, call.time) == (FROM, (TO,), NOW)
    assert identity == body.decode()


def test_asked_again_it_is_the_same_call():
    body = header()
    first, _ = secsipidx.parse_check(body, TRUNK, now=NOW)
    again, _ = secsipidx.parse_check(body + b"\n", TRUNK, now=NOW)
    other, _ = secsipidx.parse_check(header(orig={"tn": "442079460124"}), TRUNK, now=NOW)
    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"Identity: " + header(),
        header() + b"," + header(),
        header(orig={"uri": "sip:alice@example.org"}),
        header(orig={"tn": "Alice"}),
        header(iat="soon"),
        b"\xff",
        b"a.b.c",
    ],
    ids=range(9),
)
def test_what_cannot_be_read_failed(body: bytes):
    with pytest.raises(RequestProblem) as raised:
        secsipidx.parse_check(body, TRUNK, now=NOW)
    error = secsipidx.render_error(raised.value)
    assert (error.status, error.body) == (400, b"FAILED\n\n")


@given(
    body=st.binary(max_size=100) | st.text(st.sampled_from("ABCabc019,.;=\r\n"), max_size=60).map(str.encode)
)
def test_any_body_is_read_or_failed(body: bytes):
    for parse in (
        lambda: secsipidx.parse_check(body, TRUNK, now=NOW),
        lambda: secsipidx.parse_sign_csv(body, RULES, new_origid=ORIGID, now=NOW),
    ):
        try:
            parse()
        except RequestProblem as problem:
            error = secsipidx.render_error(problem)
            assert error.status == 400
            assert error.body in {b"FAILED\n\n", b"too few tokens\n"}
            assert all(value.isprintable() and value.isascii() for value in error.headers.values())


@given(
    attest=st.sampled_from("ABC"),
    origid=st.sampled_from(["", ORIGID]),
    rest=st.text(st.sampled_from("abc:/,"), max_size=20),
)
def test_a_line_of_five(attest: str, origid: str, rest: str):
    line = f"{FROM}, +{TO} ,{attest},{origid},{rest}\n".encode()
    asked = secsipidx.parse_sign_csv(line, RULES, new_origid=ORIGID, now=NOW)
    assert (asked.orig, asked.dests, asked.iat) == (FROM, (TO,), NOW)
    assert (asked.wish.value, asked.origid) == (attest, ORIGID)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Alice,441614960000,A,,", "ORIG"),
        ("442079460123,,A,,", "DEST"),
        ("442079460123,441614960000,Z,,", "ATTEST"),
    ],
)
def test_what_is_wrong_stands_in_a_header(line: str, name: str):
    with pytest.raises(RequestProblem) as raised:
        secsipidx.parse_sign_csv(line.encode(), RULES, new_origid=ORIGID, now=NOW)
    assert secsipidx.render_error(raised.value).headers["Callmark-Reason"].startswith(name)


def test_the_two_words():
    assert secsipidx.render_check(Outcome.refused(Finding(SIGNATURE_INVALID))) == (422, "FAILED\n\n")
    assert secsipidx.render_error(forbidden("No.")).status == 403
