"""Every refusal says what was wrong, with what was found, and names the claim, header or parameter."""

from __future__ import annotations

import itertools

import pytest

from gateway.passport.rich_call_data import RichCallData
from gateway.reasons import (
    ALG_PARAMETER_UNSUPPORTED,
    ALG_UNSUPPORTED,
    ATTEST_INVALID,
    CERTIFICATE_EXPIRED,
    CLAIM_INVALID,
    CLAIM_MISSING,
    DIV_BROKEN,
    DIV_CALLEE,
    DIV_LENGTH,
    DIV_NESTED,
    HEADER_FORBIDDEN,
    IAT_STALE,
    IDENTITY_MALFORMED,
    INFO_INVALID,
    INFO_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    RCD_INTEGRITY,
    RPH_MISMATCH,
    TIME_STALE,
    TN_MISMATCH,
    TYP_UNSUPPORTED,
    VERIFIED,
    X5U_MISMATCH,
    Finding,
    Verstat,
)
from gateway.verification.conclude import Diversion
from gateway.verification.judge import judge
from gateway.verification.policy import SHAKEN_ONLY
from gateway.verification.priority import PriorityVerstat
from gateway.verification.rich import ProvenData
from tests.passport.keys import PAYLOAD, X5U
from tests.pki import DAY
from tests.verification.calls import (
    CHAIN,
    A,
    B,
    C,
    CallDraft,
    bare,
    base,
    claims,
    div,
    div_o,
    identity,
    rcd,
    rph,
    shaken,
    token,
    verified,
)
from tests.verification.drafts import NOW, ORIG

WRONG_DIGEST = {"rcdi": {"/nam": "sha256-" + "A" * 43}}
LONG = "x" * 200
NO_VALUE = "not JSON: expecting value (character 0)"


def only(value: str, **call) -> Finding:
    """What a header that stands alone is refused for."""
    header = CallDraft([value], **call).examined().headers[0]
    assert header.finding is not None
    assert header.token == bare(value)
    return header.finding


@pytest.mark.parametrize(
    ("value", "call", "expected"),
    [
        (shaken(A, iat="x"), {},
         Finding(CLAIM_INVALID, "iat must be a JSON integer (RFC 8225 section 5.1.1)", "iat")),
        (identity("shaken", claims(A, attest="A")), {},
         Finding(CLAIM_MISSING, "the claim 'origid' is missing", "origid")),
        (shaken(A, iat=NOW - 61), {}, Finding(IAT_STALE, f"iat {NOW - 61}, time {NOW}", "iat")),
        (shaken(A, attest="a"), {}, Finding(ATTEST_INVALID, "found 'a'", "attest")),
        (shaken(A, attest=LONG), {}, Finding(ATTEST_INVALID, f"found '{LONG}"[:80], "attest")),
        (shaken(A, orig={"tn": C}), {}, Finding(TN_MISMATCH, "another calling number was signed", "orig")),
        (shaken(B), {}, Finding(TN_MISMATCH, "other called numbers were signed", "dest")),
        (shaken(A), {"request_uri": B},
         Finding(TN_MISMATCH, "the call goes on to a number that was not signed", "dest")),
        (div(C, B), {"to": (B,)}, Finding(DIV_BROKEN, parameter="div")),
        (identity("div", claims(B, div={"uri": "sip:a@example.org"})), {"to": (B,)},
         Finding(CLAIM_INVALID, "only diversions between telephone numbers are followed", "div")),
        (identity("div", {**claims(B, div={"tn": A}), "dest": {"uri": ["sip:a@example.org"]}}), {"to": (B,)},
         Finding(CLAIM_INVALID, "only diversions between telephone numbers are followed", "div")),
        (rcd(A, **WRONG_DIGEST), {},
         Finding(RCD_INTEGRITY, "a digest of rcdi is not that of the value it names", "rcdi")),
        (rph(A), {"resource_priority": frozenset({"ets.0"})},
         Finding(RPH_MISMATCH, "the call asks for more than was signed", "rph")),
        (rph(A, sph="psap-callback"), {"priority": "urgent"},
         Finding(RPH_MISMATCH, "the call's Priority is another one", "sph")),
        (identity("shaken", claims(A), header={"typ": "JWT"}), {},
         Finding(TYP_UNSUPPORTED, "found 'JWT'", "typ")),
        (identity("shaken", claims(A), header={"typ": LONG}), {},
         Finding(TYP_UNSUPPORTED, f"found '{LONG}"[:80], "typ")),
        (identity("shaken", claims(A), header={"alg": "none"}), {},
         Finding(ALG_UNSUPPORTED, "found 'none'", "alg")),
        (identity("shaken", claims(A), header={"alg": LONG}), {},
         Finding(ALG_UNSUPPORTED, f"found '{LONG}"[:80], "alg")),
        (shaken(A).replace('"shaken"', '"rcd"'), {}, Finding(PPT_UNSUPPORTED, "found 'shaken'", "ppt")),
        (shaken(A).replace(';ppt="shaken"', ""), {}, Finding(PPT_UNSUPPORTED, "found 'shaken'", "ppt")),
        (identity(None, claims(A), header={"ppt": LONG}), {},
         Finding(PPT_UNSUPPORTED, f"found '{LONG}"[:80], "ppt")),
        (identity("shaken", claims(A), header={"jwk": {}, "crit": []}), {},
         Finding(HEADER_FORBIDDEN, parameter="crit")),
        (shaken(A).replace(f"<{X5U}>", f"<{X5U}x>"), {}, Finding(X5U_MISMATCH, parameter="x5u")),
        (shaken(A).replace(f"<{X5U}>", X5U), {},
         Finding(INFO_INVALID, "the URI is not in angle brackets", "info")),
        (shaken(A).replace('"shaken"', '"other"'), {},
         Finding(PPT_PARAMETER_UNSUPPORTED, "found 'other'", "ppt")),
        (shaken(A).replace('"shaken"', f'"{LONG}"'), {},
         Finding(PPT_PARAMETER_UNSUPPORTED, "found " + f"'{LONG}"[:80], "ppt")),
        (shaken(A).replace("alg=ES256", "alg=ES384"), {},
         Finding(ALG_PARAMETER_UNSUPPORTED, "found 'ES384'", "alg")),
        (shaken(A).replace("alg=ES256", f"alg={LONG}"), {},
         Finding(ALG_PARAMETER_UNSUPPORTED, f"found '{LONG}"[:80], "alg")),
        (div_o(A, B, token("msg", claims(A))), {"to": (B,)},
         Finding(DIV_NESTED, "a PASSporT of its type cannot stand there", "opt")),
        (div_o(A, B, token(None, claims(A), header={"x5u": 1})), {"to": (B,)},
         Finding(DIV_NESTED, "it does not say where its certificate is", "opt")),
        (div_o(A, B, "AAAA.AAAA.AA"), {"to": (B,)},
         Finding(DIV_NESTED, f"the header is not read as JSON: {NO_VALUE}", "opt")),
        (div_o(A, B, bare(shaken(C))), {"to": (B,)}, Finding(DIV_BROKEN, parameter="div")),
        (div_o(A, B, bare(shaken(A))), {"to": (C,)},
         Finding(DIV_CALLEE, "the diversion leads elsewhere", "dest")),
    ],
)  # fmt: skip
def test_a_refusal_names_what_was_found_and_where(value: str, call: dict, expected: Finding):
    beside = [shaken(A)] if '"div"' in value else []
    header = CallDraft([value, *beside], **call).examined().headers[0]
    assert (header.token, header.finding) == (bare(value), expected)


def test_a_header_that_cannot_be_read_names_nothing():
    header = CallDraft(["x y"]).examined().headers[0]
    assert (header.token, header.ppt) == ("", None)
    assert header.finding == Finding(IDENTITY_MALFORMED, "what stands at position 1 is not a parameter")
    late = CallDraft([shaken(A)]).examined(now=NOW + 61).headers[0]
    assert late.finding == Finding(TIME_STALE, f"time {NOW}, clock {NOW + 61}")
    assert late.token == ""


def test_a_token_that_cannot_be_read_says_why_and_a_missing_parameter_which():
    header, _, signature = shaken(A).split(".", 2)
    no_object = "W10"
    unreadable = CallDraft([f"{header}.{no_object}.{signature}"]).examined().headers[0].finding
    assert unreadable is not None
    assert (unreadable.reason, bool(unreadable.detail)) == (IDENTITY_MALFORMED, True)
    missing = CallDraft([bare(shaken(A)) + ";alg=ES256;ppt=shaken"]).examined().headers[0].finding
    assert missing == Finding(INFO_MISSING, parameter="info")


def test_a_header_without_a_type_is_not_taken_where_no_plain_one_is():
    header = CallDraft([base(A)], accepted=SHAKEN_ONLY).examined().headers[0]
    assert header.finding == Finding(PPT_PARAMETER_UNSUPPORTED, "found none", "ppt")


def test_a_chain_too_long_says_how_long_it_was():
    numbers = [A, *(f"44770090{number:04}" for number in range(6))]
    links = [div(start, end) for start, end in itertools.pairwise(numbers)]
    found = CallDraft([shaken(A), *links], to=(numbers[-1],)).examined()
    assert found.diversion == Finding(DIV_LENGTH, "found 6")
    nested = bare(shaken(A))
    for start, end in itertools.pairwise(numbers):
        nested = div_o(start, end, bare(nested))
    assert only(nested, to=(numbers[-1],)) == Finding(DIV_LENGTH, "found more than 5")


def test_too_many_nested_are_refused_under_their_own_name_and_others_are_not():
    chain = bare(shaken(A))
    numbers = [A, *(f"44770090{number:04}" for number in range(5))]
    for start, end in itertools.pairwise(numbers):
        chain = div_o(start, end, bare(chain))
    found = CallDraft([chain, chain, chain, shaken(A)], to=(numbers[-1],)).examined()
    assert [len(header.links) for header in found.headers[:3]] == [6, 6, 0]
    third = found.headers[2]
    assert (third.token, third.ppt.value) == (bare(chain), "div-o")
    assert third.finding == Finding(DIV_LENGTH)
    assert all(header.token == bare(chain) for header in found.headers[:3])
    # Headers with nothing nested in them, refused or not, neither use the allowance up nor add to it.
    for plain in ("x y", shaken(A)):
        found = CallDraft([chain, *[plain] * 5, chain, chain], to=(numbers[-1],)).examined()
        assert [len(found.headers[place].links) for place in (0, 6, 7)] == [6, 6, 0]


def test_a_proven_diversion_says_so_with_its_reason():
    passed = Diversion(Verstat.TN_VALIDATION_PASSED, Finding(VERIFIED), (A,))
    assert verified(shaken(A), div(A, B), to=(B,)).diversion == passed
    assert verified(div_o(A, B, bare(shaken(A))), to=(B,)).diversion == passed


def test_rich_data_in_a_shaken_passport_is_refused_in_words_and_the_number_passes():
    for claim, expected in (
        ({"rcd": {"nam": ""}}, Finding(CLAIM_INVALID, "rcd.nam must be a string, not empty", "rcd.nam")),
        ({"rcd": {"nam": "x"}, **WRONG_DIGEST},
         Finding(RCD_INTEGRITY, "a digest of rcdi is not that of the value it names", "rcdi")),
    ):  # fmt: skip
        found = verified(shaken(A, **claim))
        assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
        assert found.rich == expected
    proven = verified(shaken(A, rcd={"nam": "x"}, rcdi={"/nam": DIGEST_OF_X})).rich
    assert isinstance(proven, ProvenData)
    reason_alone = verified(shaken(A, crn="Your card")).rich
    assert reason_alone == ProvenData(RichCallData(nam=None, crn="Your card"), ())
    assert verified(shaken(A)).rich is None


DIGEST_OF_X = "sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="
"""Of the character x."""


def test_the_reason_of_a_proven_priority_is_that_of_its_signature():
    found = verified(rph(A), shaken(A)).priority
    assert found is not None
    assert (found.verstat, found.finding) == (PriorityVerstat.PASSED, Finding(VERIFIED))


def test_a_verstat_is_not_true_or_false():
    for verstat in PriorityVerstat:
        with pytest.raises(TypeError, match="three values"):
            bool(verstat)


def test_a_chain_outside_its_time_is_said_to_be():
    found = verified(shaken(A)).outcome
    assert found.verstat is Verstat.TN_VALIDATION_PASSED
    later = NOW + 40 * DAY
    draft = CallDraft([shaken(A, iat=NOW)])
    (link,) = draft.examined().headers[0].links

    assert judge(link, CHAIN, now=later).finding == Finding(
        CERTIFICATE_EXPIRED, "outside the validity of its chain"
    )


def test_a_base_passport_beside_a_refused_one_counts():
    found = verified(base(A), shaken(A, spoilt=True))
    assert found.outcome.verstat is Verstat.TN_VALIDATION_PASSED
    assert PAYLOAD["orig"]["tn"] == ORIG
