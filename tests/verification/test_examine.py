"""Everything that is said of an Identity header without its certificate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.certificates.x5u import X5uPolicy
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import UK
from gateway.reasons import (
    ALG_PARAMETER_UNSUPPORTED,
    ALG_UNSUPPORTED,
    DIV_ALONE,
    HEADER_CLAIM_MISSING,
    HEADER_FORBIDDEN,
    IAT_STALE,
    IDENTITY_COMPACT,
    IDENTITY_MALFORMED,
    INFO_INVALID,
    INFO_MISSING,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    TIME_STALE,
    TN_MISMATCH,
    TYP_UNSUPPORTED,
    X5U_FORBIDDEN,
    X5U_MISMATCH,
    Finding,
)
from gateway.verification.examine import (
    EVERY_TYPE,
    VerificationPolicy,
    VerificationRequest,
    examine,
    examine_link,
)
from gateway.verification.outcome import Examined
from tests.passport.keys import X5U, genuine_token
from tests.verification.drafts import DEST, NOW, ORIG, POLICY, Draft, examined, finding, passes


def test_a_genuine_header_is_examined_with_its_claims_and_the_address_of_its_certificate():
    result = examined(Draft())
    assert isinstance(result, Examined)
    assert (result.x5u, result.claims.attest, result.claims.orig) == (X5U, "A", ORIG)


# --- the two time checks -----------------------------------------------------------------------
@pytest.mark.parametrize("apart", [-61, 61, -86_400, 10**12])
def test_a_time_more_than_sixty_seconds_from_the_clock_is_stale_either_way(apart):
    assert finding(Draft(), now=NOW + apart).reason is TIME_STALE


@pytest.mark.parametrize("apart", [-60, 60, 0])
def test_a_time_of_up_to_sixty_seconds_from_the_clock_is_fresh(apart):
    assert passes(Draft(), now=NOW + apart)


@pytest.mark.parametrize("apart", [-61, 61, -86_400])
def test_an_iat_more_than_sixty_seconds_from_the_time_is_stale_either_way(apart):
    draft = Draft()
    draft.payload["iat"] = NOW + apart
    found = finding(draft)
    assert (found.reason, found.parameter) == (IAT_STALE, "iat")


@pytest.mark.parametrize("apart", [-60, 60])
def test_an_iat_of_up_to_sixty_seconds_from_the_time_is_fresh(apart):
    draft = Draft()
    draft.payload["iat"] = NOW + apart
    assert passes(draft)


def test_iat_is_compared_with_the_time_of_the_call_and_not_with_the_clock():
    draft = Draft(time=NOW + 60)
    assert passes(draft, now=NOW + 120)


def test_the_freshness_window_is_the_operators():
    policy = VerificationPolicy(freshness_seconds=5)
    assert passes(Draft(), now=NOW + 5, policy=policy)
    assert finding(Draft(), now=NOW + 6, policy=policy).reason is TIME_STALE
    draft = Draft()
    draft.payload["iat"] = NOW - 6
    assert finding(draft, policy=policy).reason is IAT_STALE


# --- parameters --------------------------------------------------------------------------------
TOKEN = genuine_token()


@pytest.mark.parametrize(
    "identity",
    [
        f"{TOKEN};info=<{X5U}>;alg=ES256;ppt=shaken",
        f'{TOKEN};info=<{X5U}>;alg="ES256";ppt="shaken"',
        f'{TOKEN};ppt="shaken";alg=ES256;info=<{X5U}>',
        f"{TOKEN} ; PPT = shaken ; Info = <{X5U}> ; aLG=ES256",
        f"{TOKEN};info=<{X5U}>;ppt=shaken",
        f"{TOKEN};info=<{X5U}>;ppt=shaken;vendor=7;flag",
    ],
)
def test_parameters_pass_quoted_or_bare_in_any_order_and_without_alg(identity):
    assert passes(Draft(), identity=identity)


@pytest.mark.parametrize("ppt", [None, "div", "Shaken", "SHAKEN", '""', '"shaken "', "shaken2"])
def test_a_ppt_parameter_that_is_missing_or_not_shaken_is_e5(ppt):
    assert finding(Draft(ppt=ppt)).reason is PPT_PARAMETER_UNSUPPORTED


@pytest.mark.parametrize("alg", ["es256", "none", "HS256", "ES384", '""', ""])
def test_an_alg_parameter_that_is_not_es256_is_an_unsupported_credential(alg):
    assert finding(Draft(alg=alg)).reason is ALG_PARAMETER_UNSUPPORTED


def test_a_compact_form_is_e4():
    assert finding(Draft(compact=True)).reason is IDENTITY_COMPACT


def test_a_missing_info_is_e6():
    assert finding(Draft(info=None)).reason is INFO_MISSING


@pytest.mark.parametrize(
    "info", [X5U, f'"{X5U}"', "<>", "<shaken.pem>", "<//certificates.example.org/a>", "<https://a b.org/c>"]
)
def test_an_info_that_is_no_uri_in_brackets_is_e7(info):
    assert finding(Draft(info=info)).reason is INFO_INVALID


@pytest.mark.parametrize(
    "identity",
    [
        "",
        "two words",
        f"{TOKEN};info=<{X5U}>;alg=ES256;ppt=shaken;ppt=shaken",
        f"{TOKEN};info=<{X5U}>;alg=ES256;ppt=shaken,{TOKEN};info=<{X5U}>;alg=ES256;ppt=shaken",
        f"{TOKEN[:-1]}\u0131;info=<{X5U}>;ppt=shaken",
        f"{TOKEN.rsplit('.', 1)[0]};info=<{X5U}>;ppt=shaken",
        f"{TOKEN}.extra;info=<{X5U}>;ppt=shaken",
        f"=={TOKEN};info=<{X5U}>;ppt=shaken",
        f"e30=.{TOKEN.split('.', 1)[1]};info=<{X5U}>;ppt=shaken",
        f"W10.{TOKEN.split('.', 1)[1]};info=<{X5U}>;ppt=shaken",
        f"{TOKEN};info=<{X5U}>;ppt=shaken;" + "x" * 20_000,
    ],
)
def test_what_cannot_be_read_is_malformed(identity):
    assert finding(Draft(), identity=identity).reason is IDENTITY_MALFORMED


# --- the PASSporT header -----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["alg", "ppt", "typ", "x5u"])
def test_a_missing_header_parameter_is_e9_and_named(name):
    draft = Draft()
    del draft.header[name]
    found = finding(draft)
    assert (found.reason, found.parameter) == (HEADER_CLAIM_MISSING, name)
    assert found.description == f"Missing '{name}' claim in the PASSporT header."


def test_of_several_missing_header_parameters_the_first_by_name_is_named():
    draft = Draft(header={"typ": "passport"})
    assert finding(draft).parameter == "alg"


@pytest.mark.parametrize("typ", ["PASSporT", "JWT", "", None, 1, ["passport"], {"a": 1}])
def test_another_typ_is_e11(typ):
    draft = Draft()
    draft.header["typ"] = typ
    assert finding(draft).reason is TYP_UNSUPPORTED


@pytest.mark.parametrize("alg", ["none", "nOnE", "HS256", "ES384", "es256", "", None, ["ES256"]])
def test_another_alg_is_e12(alg):
    draft = Draft()
    draft.header["alg"] = alg
    assert finding(draft).reason is ALG_UNSUPPORTED


@pytest.mark.parametrize("ppt", ["div", "Shaken", "", None, ["shaken"]])
def test_another_ppt_in_the_header_is_e13(ppt):
    draft = Draft()
    draft.header["ppt"] = ppt
    assert finding(draft).reason is PPT_UNSUPPORTED


@pytest.mark.parametrize(
    "x5u",
    [
        X5U + "/",
        X5U[:-1],
        X5U.replace("certificates", "Certificates"),
        X5U.replace("https", "HTTPS"),
        X5U.replace(".org/", ".org:443/"),
        X5U.replace("shaken", "%73haken"),
        "",
        None,
        [X5U],
    ],
)
def test_an_x5u_that_differs_from_info_by_a_letter_or_a_spelling_is_e10(x5u):
    draft = Draft()
    draft.header["x5u"] = x5u
    assert finding(draft).reason is X5U_MISMATCH


@pytest.mark.parametrize("name", ["crit", "b64", "jwk", "jku", "kid", "x5c", "x5t", "x5t#S256", "zip"])
def test_header_parameters_that_choose_another_key_or_reading_are_refused(name):
    draft = Draft()
    draft.header[name] = ["b64"]
    found = finding(draft)
    assert (found.reason, found.parameter) == (HEADER_FORBIDDEN, name)


def test_other_header_parameters_are_ignored():
    draft = Draft()
    draft.header["vendor"] = {"anything": 1}
    assert passes(draft)


# --- the address (E8) --------------------------------------------------------------------------
FORBIDDEN = [
    "http://certificates.example.org/a.pem",
    "https://certificates.example.org:444/a.pem",
    "https://user@certificates.example.org/a.pem",
    "https://certificates.example.org/a.pem?b",
    "https://127.0.0.1/a.pem",
    "https://[::1]/a.pem",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_is_refused_where_it_would_be_fetched(address):
    draft = Draft(info=f"<{address}>")
    draft.header["x5u"] = address
    found = finding(draft)
    assert (found.reason, found.reason.case) == (X5U_FORBIDDEN, "E8")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_is_not_named_before_a_fault_in_the_claims(address):
    draft = Draft(info=f"<{address}>", orig="447700900000")
    draft.header["x5u"] = address
    assert finding(draft).reason is TN_MISMATCH


def test_private_addresses_are_fetched_from_where_the_operator_says_so():
    address = "https://127.0.0.1:8443/a.pem"
    draft = Draft(info=f"<{address}>")
    draft.header["x5u"] = address
    assert passes(draft, policy=VerificationPolicy(x5u=X5uPolicy(allow_private_addresses=True)))


# --- types -------------------------------------------------------------------------------------
def test_a_diversion_examined_alone_has_nothing_before_it():
    draft = Draft(ppt="div")
    draft.header["ppt"] = "div"
    draft.payload = {name: draft.payload[name] for name in ("dest", "iat", "orig")}
    draft.payload["div"] = {"tn": "447700900001"}
    result = examine(draft.request(), policy=POLICY, dialling=UK.dialling, now=NOW, accepted=EVERY_TYPE)
    assert isinstance(result, Finding)
    assert result.reason is DIV_ALONE


def test_a_passport_for_another_number_than_the_request_uris_is_e16():
    request = replace(Draft().request(), request_uri=TelephoneNumber("447700900001"))
    result = examine(request, policy=POLICY, dialling=UK.dialling, now=NOW)
    assert isinstance(result, Finding)
    assert (result.reason, result.parameter) == (TN_MISMATCH, "dest")
    request = replace(request, request_uri=DEST)
    assert isinstance(examine(request, policy=POLICY, dialling=UK.dialling, now=NOW), Examined)


# --- whatever comes ----------------------------------------------------------------------------
@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9._-]{0,60}(;[a-z]{1,4}=[ -~]{0,30}){0,4}"))
def test_examine_gives_a_finding_for_anything_that_is_no_token(identity):
    request = VerificationRequest(orig=ORIG, dests=frozenset({DEST}), time=NOW, identity=identity)
    result = examine(request, policy=POLICY, dialling=UK.dialling, now=NOW)
    assert isinstance(result, Finding)
    assert result.reason.verstat is not None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just("shaken"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["tn", "uri"]), inner),
    max_leaves=4,
)


@given(
    header=st.dictionaries(st.sampled_from(["alg", "ppt", "typ", "x5u", "crit", "kid"]), JSON),
    payload=st.dictionaries(st.sampled_from(["attest", "dest", "iat", "orig", "origid"]), JSON),
)
def test_examine_says_something_of_headers_and_payloads_of_any_type(header, payload):
    draft = Draft()
    draft.header.update(header)
    draft.payload.update(payload)
    result = examined(draft)
    assert isinstance(result, Examined | Finding)


def test_as_one_of_several_a_header_may_leave_its_callee_to_another():
    request = replace(Draft().request(), dests=frozenset({TelephoneNumber("447700900777")}))
    rules = {"policy": POLICY, "dialling": UK.dialling, "now": NOW}
    alone, link = examine(request, **rules), examine_link(request, **rules)
    assert isinstance(alone, Finding)
    assert isinstance(link, Examined)
    assert link.elsewhere == alone
