import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.canonical_json import render_json
from gateway.passport.claims import (
    MAX_IAT,
    SHAKEN_CLAIMS,
    ClaimProblem,
    ShakenClaims,
    read_shaken_claims,
    render_shaken,
)
from tests.passport.keys import PAYLOAD

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tn", "uri", "x"]), inner),
    max_leaves=6,
)
ANY_CLAIMS = st.dictionaries(st.sampled_from([*SHAKEN_CLAIMS, "rcd"]), VALUES)


def problem(**claims) -> ClaimProblem:
    found = read_shaken_claims({**PAYLOAD, **claims})
    assert isinstance(found, ClaimProblem)
    assert not found.missing
    return found


def claims(**claims) -> ShakenClaims:
    found = read_shaken_claims({**PAYLOAD, **claims})
    assert isinstance(found, ShakenClaims)
    return found


@given(ANY_CLAIMS.map(lambda some: {**PAYLOAD, **some}) | ANY_CLAIMS)
def test_any_payload_gives_typed_claims_or_a_problem(payload):
    found = read_shaken_claims(payload)
    if isinstance(found, ClaimProblem):
        assert found.missing == (found.claim not in payload)
        return
    assert type(found.iat) is int
    assert 0 <= found.iat <= MAX_IAT
    assert (found.orig is None) != (found.orig_uri is None)
    assert found.dest or found.dest_uri
    assert all(type(identity) is str and identity for identity in (*found.dest, *found.dest_uri))
    assert type(found.attest) is str
    assert found.origid.isascii()


def test_an_ordinary_payload_is_read_and_unknown_claims_are_ignored():
    assert claims(mky=[], extra=1) == ShakenClaims(
        attest="A",
        dest=("441614960000",),
        iat=1795378385,
        orig="442079460123",
        origid="de305d54-75b4-431b-adb2-eb6b9e546014",
    )


def test_missing_claims_are_named_in_alphabetical_order_before_any_wrong_one():
    payload = {}
    for claim in ("attest", "dest", "iat", "orig", "origid"):
        found = read_shaken_claims(payload)
        assert isinstance(found, ClaimProblem)
        assert (found.claim, found.missing) == (claim, True)
        payload[claim] = None
    found = read_shaken_claims(payload)
    assert isinstance(found, ClaimProblem)
    assert (found.claim, found.missing) == ("attest", False)


@pytest.mark.parametrize(
    "iat", ["1795378385", 1795378385.0, 1e9, True, None, [1795378385], -1, MAX_IAT + 1, 1795378385000]
)
def test_iat_is_a_json_integer_in_seconds(iat):
    assert problem(iat=iat).claim == "iat"


@pytest.mark.parametrize("iat", [0, 1, MAX_IAT])
def test_iat_is_read_to_both_ends(iat):
    assert claims(iat=iat).iat == iat


@pytest.mark.parametrize(
    "orig",
    [None, "442079460123", [], {}, {"tn": ["442079460123"]}, {"tn": 442079460123}, {"tn": ""}, {"tn": None},
     {"TN": "1"}, {"tn": "1", "uri": "sip:a@example.org"}, {"tn": "1", "x": 1}, {"x": "1"}, {"uri": ""},
     {"uri": ["sip:a@example.org"]}],
)  # fmt: skip
def test_orig_is_one_identity_as_one_string(orig):
    assert problem(orig=orig).claim == "orig"


def test_orig_may_be_a_uri_and_is_then_no_telephone_number():
    found = claims(orig={"uri": "sip:442079460123@example.org"})
    assert (found.orig, found.orig_uri) == (None, "sip:442079460123@example.org")


@pytest.mark.parametrize(
    "dest",
    [None, [], {}, "441614960000", {"tn": "441614960000"}, {"tn": []}, {"tn": [1]}, {"tn": [""]},
     {"tn": ["1", None]}, {"tn": [["1"]]}, {"tn": ["1"], "uri": []},
     {"tn": ["1"], "uri": "sip:a@example.org"},
     {"tn": None, "uri": ["sip:a@example.org"]}, {"x": ["1"]}],
)  # fmt: skip
def test_dest_is_arrays_of_strings(dest):
    assert problem(dest=dest).claim == "dest"


def test_dest_may_hold_numbers_and_uris_and_kinds_not_known():
    found = claims(dest={"tn": ["2", "1"], "uri": ["sip:a@example.org"], "x": 1})
    assert (found.dest, found.dest_uri) == (("2", "1"), ("sip:a@example.org",))
    found = claims(dest={"uri": ["sip:a@example.org"]})
    assert (found.dest, found.dest_uri) == ((), ("sip:a@example.org",))


@pytest.mark.parametrize("attest", [None, 1, ["A"], True])
def test_attest_is_a_string(attest):
    assert problem(attest=attest).claim == "attest"


@pytest.mark.parametrize("attest", ["B", "Z", "a", "A ", ""])
def test_which_string_attest_is_belongs_to_the_verification(attest):
    assert claims(attest=attest).attest == attest


@pytest.mark.parametrize(
    "origid",
    [None, 1, "", "de305d5475b4431badb2eb6b9e546014", "{de305d54-75b4-431b-adb2-eb6b9e546014}",
     "de305d54-75b4-431b-adb2-eb6b9e546014\n", "urn:uuid:de305d54-75b4-431b-adb2-eb6b9e546014",
     "de305d54-75b4-431b-adb2-eb6b9e54601", "ge305d54-75b4-431b-adb2-eb6b9e546014",
     "de305d54-75b4-431b-adb2-eb6b9e54601\N{FULLWIDTH DIGIT FOUR}"],
)  # fmt: skip
def test_origid_is_a_uuid_in_its_canonical_form(origid):
    assert problem(origid=origid).claim == "origid"


def test_origid_keeps_the_letter_case_of_its_signer():
    assert (
        claims(origid="DE305D54-75b4-431B-ADB2-EB6B9E546014").origid == "DE305D54-75b4-431B-ADB2-EB6B9E546014"
    )


def test_a_problem_does_not_repeat_what_was_sent():
    assert "secret" not in problem(origid="secret").problem
    assert "secret" not in problem(orig={"tn": ["secret"]}).problem


@given(
    attest=st.sampled_from("ABC"),
    dest=st.lists(st.text("0123456789*#", min_size=1, max_size=15), min_size=1, max_size=4),
    iat=st.integers(0, MAX_IAT),
    orig=st.text("0123456789*#", min_size=1, max_size=15),
    origid=st.uuids().map(str),
)
def test_a_shaken_payload_is_written_in_canonical_form(attest, dest, iat, orig, origid):
    written = render_shaken(attest=attest, dest=tuple(dest), iat=iat, orig=orig, origid=origid)
    assert written == render_json(
        {"orig": {"tn": orig}, "dest": {"tn": dest}, "attest": attest, "origid": origid, "iat": iat}
    )
