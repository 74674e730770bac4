from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.tnauthlist import TnAuthList
from gateway.certificates.trust import build_trust
from gateway.cli.call_inspection import CallGiven, inspect_call
from gateway.cli.call_words import document, explain_call
from gateway.cli.certificate_words import certificate_lines
from gateway.cli.inspection import Credential, judge_chain
from gateway.cli.steps import STEP_OF, Step, steps
from gateway.cli.verify import verify
from gateway.cli.wording import age, moment, safe
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.passport.canonical_json import render_json
from gateway.passport.strict import read_base64url, render_base64url
from gateway.reasons import CREDENTIAL_UNOBTAINABLE, IDENTITY_MISSING, REASONS, STIR_FAILED, Finding
from gateway.verification.examine import VerificationPolicy
from gateway.verification.profile import ATIS
from tests import pki


def test_it_is_explained_in_words(run, identity):
    result = run(verify, identity)
    assert result.exit_code == 0
    assert result.stdout.count("✓") == 6
    for words in (
        "full: the provider knows the caller",
        " UTC, ",
        "SHAKEN 818H",
        "provider code 818H",
        "left)",
        "trust anchor",
        "TN-Validation-Passed",
        "taken to be the one signed, +442079460123",
    ):
        assert words in result.stdout
    assert "\x1b" not in result.stdout


def test_the_place_where_reading_stops_is_marked(run, identity):
    result = run(verify, identity.replace(";alg", ";<alg"))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    mark = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[mark - 1][lines[mark].index("^") :].startswith(";<alg")


def test_the_place_inside_a_payload_is_marked(run, identity):
    header, payload, rest = identity.split(".", 2)
    broken = read_base64url(payload).replace(b'"iat":', b'"iat" ')
    result = run(verify, f"{header}.{render_base64url(broken).decode()}.{rest}")
    lines = result.stdout.splitlines()
    mark = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[mark - 1][: lines[mark].index("^")].endswith('"iat" ')


def test_a_duplicate_claim_is_shown_with_what_could_be_read(run, identity):
    header, payload, rest = identity.split(".", 2)
    twice = read_base64url(payload).replace(b'"iat":', b'"iat":1,"iat":')
    result = run(verify, f"{header}.{render_base64url(twice).decode()}.{rest}")
    assert "stands twice" in result.stdout
    assert "✗ Reading" in result.stdout


def test_a_compact_header_is_called_so(run, identity):
    token, parameters = identity.split(";", 1)
    result = run(verify, f"..{token.split('.')[2]};{parameters}")
    assert "compact: a signature alone" in result.stdout
    assert "stir.identity.compact" in result.stdout


def test_a_token_alone_is_read_and_what_is_missing_is_said(run, identity):
    result = run(verify, identity.partition(";")[0])
    assert "✓ Reading" in result.stdout
    assert "stir.info.missing" in result.stdout
    assert "a PASSporT alone" in result.stdout


def test_what_is_no_token_at_all_is_not_called_one(run):
    assert "a PASSporT alone" not in run(verify, "garbage").stdout


@pytest.mark.parametrize(
    ("signature", "words"), [("AAAA", "3 bytes; ES256 has 64"), ("A", "is not base64url")]
)
def test_a_signature_of_another_form_is_described(run, identity, signature, words):
    token, parameters = identity.split(";", 1)
    result = run(verify, f"{token.rpartition('.')[0]}.{signature};{parameters}")
    assert words in result.stdout
    assert "✗ Step 5" in result.stdout


def test_a_strangers_text_cannot_steer_the_terminal(run, identity):
    header, payload, rest = identity.split(".", 2)
    claims = json.loads(read_base64url(payload)) | {"\x1b]0;x\x07": "\x1b[2J\u202e"}
    text = f"{header}.{render_base64url(render_json(claims)).decode()}.{rest}"
    for value in (text, identity.replace(";alg", "\x1b[2J;alg"), "\x1b[2J"):
        output = run(verify, value).stdout
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_signs_that_an_encoding_lacks_are_replaced(run, identity):
    result = CliRunner(charset="ascii").invoke(verify, [identity])
    assert result.exit_code == 0
    assert result.stdout.count("  + Step") == 5


def test_colours_are_for_terminals_that_want_them(run, identity):
    assert "\x1b[32m" in run(verify, identity, color=True).stdout
    assert "\x1b" not in run(verify, identity, color=True, env={"NO_COLOR": "1"}).stdout


def test_every_refusal_of_a_verification_has_its_step():
    refusals = {code for code, row in REASONS.items() if code.startswith("stir.") and row.verstat is not None}
    others = {IDENTITY_MISSING.code, STIR_FAILED.code, "stir.passed"}
    assert set(STEP_OF) == refusals - others


class Nowhere:
    """No certificate can be had."""

    def at_hand(self, x5u):
        return None

    def get(self, x5u):
        return Credential("", Finding(CREDENTIAL_UNOBTAINABLE, "there is no network"))


_PART = "[A-Za-z0-9_-]{0,40}"
_PARAMETERS = "(;info=<https://a.example>)?(;alg=ES256)?(;ppt=shaken)?"


@given(st.text(max_size=200) | st.from_regex(rf"{_PART}\.{_PART}\.{_PART}{_PARAMETERS}", fullmatch=True))
def test_any_text_is_inspected_without_an_exception(text):
    given = CallGiven(None, None, frozenset(), None, None, None)
    call = inspect_call(
        [text, text],
        given,
        now=pki.NOW,
        policy=VerificationPolicy(),
        dialling=DiallingRules(),
        profile=ATIS,
        credentials=Nowhere(),
    )
    assert not call.passed
    for inspection in call.headers:
        assert inspection.findings
        assert [result.step for result in steps(inspection)] == list(Step)
        assert any(result.passed is False for result in steps(inspection))
    assert "What the gateway answers" in "\n".join(explain_call(call))
    assert json.dumps(document(call))


def test_times_are_told_in_words():
    assert moment(0) == "Thu 01 Jan 1970 00:00:00 UTC"
    assert [age(seconds) for seconds in (0, 1, 59, 150, -7200, 200_000)] == [
        "at this very second",
        "1 second ago",
        "59 seconds ago",
        "2 minutes ago",
        "in 2 hours",
        "2 days ago",
    ]


def test_a_certificate_for_numbers_is_told_in_numbers():
    numbers = TnAuthList((), (NumberRange(TelephoneNumber("442079460000"), 10),), (TelephoneNumber("999"),))
    theirs = pki.make_pki(tn_auth_list=numbers)
    trust = build_trust(anchors=[("root.pem", theirs.root.pem)])
    credential = judge_chain(theirs.chain_pem, trust=trust, now=pki.NOW, source="")
    lines = "\n".join(certificate_lines(credential, now=pki.NOW + 31 * pki.DAY))
    assert "+442079460000 to +442079460009, 999" in lines
    assert "ended 24 hours earlier" in lines
    assert "begins" in "\n".join(certificate_lines(credential, now=0))


def test_safe_text_is_printable_and_keeps_what_is():
    assert safe("Zoë") == "Zoë"
    assert safe("a\x1b[2Jb").isprintable()
