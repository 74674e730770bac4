"""Every refusal is a sentence at its place, and every limit holds exactly where it is said to hold."""

from __future__ import annotations

import json

import pytest

from gateway.passport.canonical_json import CanonicalJsonError, render_json
from gateway.passport.diversion import DivClaims, DivOClaims
from gateway.passport.fields import MAX_DESTINATIONS, ClaimProblem, read_text
from gateway.passport.identity import LONGEST_KEPT, IdentityError, parse_identity
from gateway.passport.integrity import check_integrity
from gateway.passport.json_pointer import MAX_POINTER_CHARACTERS, PointerError, parse_pointer, resolve
from gateway.passport.passport import PassportError, decode
from gateway.passport.ppt import Ppt, read_claims
from gateway.passport.priority import MAX_R_VALUES
from gateway.passport.rich_call_data import (
    MAX_PROPERTIES,
    MAX_URI_CHARACTERS,
    RichCallData,
    read_rich_call_data,
)
from gateway.passport.strict import (
    MAX_DEPTH,
    Base64UrlError,
    StrictJsonError,
    read_base64url,
    read_json,
    render_base64url,
)
from tests.passport.payloads import BASE, DIV, DIV_O, RCD, RPH, SPH

SHAKEN = {**BASE, "attest": "A", "origid": "de305d54-75b4-431b-adb2-eb6b9e546014"}
URIS = {
    "orig": {"uri": "sip:alice@example.org"},
    "dest": {"tn": ["441614960000"], "uri": ["sip:bob@example.org"]},
}
GENUINE = {
    Ppt.BASE: BASE, Ppt.SHAKEN: SHAKEN, Ppt.DIV: DIV, Ppt.DIV_O: DIV_O, Ppt.RCD: RCD, Ppt.RPH: RPH,
}  # fmt: skip


@pytest.mark.parametrize("ppt", GENUINE)
def test_the_uris_of_every_type_are_read_beside_its_numbers(ppt):
    claims = read_claims(ppt, {**GENUINE[ppt], **URIS})
    assert not isinstance(claims, ClaimProblem)
    assert (claims.orig, claims.orig_uri) == (None, "sip:alice@example.org")
    assert (claims.dest, claims.dest_uri) == (("441614960000",), ("sip:bob@example.org",))


@pytest.mark.parametrize(("ppt", "kind"), [(Ppt.DIV, DivClaims), (Ppt.DIV_O, DivOClaims)])
def test_a_diversion_names_a_number_or_a_uri_and_its_index(ppt, kind):
    by_uri = read_claims(ppt, {**GENUINE[ppt], "div": {"uri": "sip:carol@example.org", "hi": "1.2"}})
    assert isinstance(by_uri, kind)
    assert (by_uri.div, by_uri.div_uri, by_uri.hi) == (None, "sip:carol@example.org", "1.2")
    both = read_claims(ppt, {**GENUINE[ppt], "div": {"tn": "1", "uri": "2", "hi": "1"}})
    assert both == ClaimProblem("div", "div must name one identity, a tn or a uri", missing=False)


WRONG = [
    (Ppt.BASE, {"iat": -1}, "iat", "iat is no time"),
    (Ppt.BASE, {"iat": "1"}, "iat", "JSON integer"),
    (Ppt.BASE, {"orig": {"name": "x"}}, "orig", "one member, tn or uri"),
    (Ppt.BASE, {"orig": {"tn": ""}}, "orig", "one string, not empty"),
    (Ppt.BASE, {"dest": {"tn": ["1"] * (MAX_DESTINATIONS + 1)}}, "dest", "more than 1000 members"),
    (Ppt.BASE, {"dest": {"tn": [""]}}, "dest", "every member of dest.tn"),
    (Ppt.BASE, {"dest": {"uri": []}}, "dest", "dest.uri must be an array"),
    (Ppt.DIV, {"div": {}}, "div", "name one identity"),
    (Ppt.DIV, {"div": {"tn": 1}}, "div", "div.tn must be one string"),
    (Ppt.DIV, {"div": {"tn": "1", "hi": "x"}}, "div", "History-Info"),
    (Ppt.DIV_O, {"opt": "a.b"}, "opt", "PASSporT in full form"),
    (Ppt.RPH, {"rph": {}}, "rph", "at least one r-value"),
    (Ppt.RPH, {"rph": {"auth": ["ets.0"] * (MAX_R_VALUES + 1)}}, "rph", "more than 32 members"),
    (Ppt.RPH, {"rph": {"auth": ["ets"]}}, "rph", "namespace.priority"),
    (Ppt.RPH, {"rph": {"auth": ["esnet.0"]}, "sph": "x"}, "sph", "must be 'psap-callback'"),
    (Ppt.RPH, {"sph": "psap-callback"}, "sph", "authorised esnet"),
    (Ppt.RCD, {"rcd": {"nam": "x", "apn": "nobody"}}, "rcd.apn", "must be a telephone number"),
    (Ppt.RCD, {"rcd": {"nam": "x", "icn": "http://a"}}, "rcd.icn", "must be an https address"),
    (Ppt.RCD, {"rcd": {"nam": "x", "jcl": "http://a"}}, "rcd.jcl", "must be an https address"),
    (Ppt.RCD, {"rcd": {"nam": "x", "jcd": ["card", [["fn", {}, "text", "x"]]]}}, "rcd.jcd", "be a jCard"),
    (Ppt.RCD, {"rcd": {"nam": "x", "jcd": ["vcard", {}]}}, "rcd.jcd", "be a jCard"),
    (Ppt.RCD, {"rcdi": {"/nam": "sha512-" + "A" * 43}}, "rcdi", "not as long as sha512 makes them"),
    (Ppt.RCD, {"rcdi": {"nam": "sha256-" + "A" * 43}}, "rcdi", "begins with '/'"),
]


@pytest.mark.parametrize(("ppt", "changes", "claim", "words"), WRONG)
def test_a_wrong_claim_is_named_in_words(ppt, changes, claim, words):
    found = read_claims(ppt, {**GENUINE[ppt], **changes})
    assert isinstance(found, ClaimProblem)
    assert (found.claim, found.missing) == (claim, False)
    assert words in found.problem


def test_limits_of_claims_hold_exactly_there():
    assert read_text("x" * 8, "nam", most=8) == "x" * 8
    assert not isinstance(
        read_claims(Ppt.BASE, {**BASE, "dest": {"tn": ["1"] * MAX_DESTINATIONS}}), ClaimProblem
    )
    card = ["vcard", [["fn", {}, "text", "x"]] * MAX_PROPERTIES]
    address = "https://example.org/".ljust(MAX_URI_CHARACTERS, "a")
    data = read_rich_call_data({"rcd": {"nam": "x", "jcd": card, "icn": address}})
    assert isinstance(data, RichCallData)
    assert (data.jcd, data.icn) == (card, address)
    assert not isinstance(read_claims(Ppt.RPH, SPH), ClaimProblem)


def test_a_digest_that_is_no_base64_is_none():
    for digest in ("-" * 43, "_" * 43):
        assert isinstance(
            read_rich_call_data({**RCD, "rcdi": {"/nam": f"sha256-{digest}"}}), (RichCallData, ClaimProblem)
        )
    found = read_rich_call_data({**RCD, "rcdi": {"/nam": "sha256-" + "A" * 42 + "=" + "A"}})
    assert isinstance(found, ClaimProblem)


def test_every_digest_is_looked_at_though_one_before_it_cannot_be():
    rcd = {"nam": "Bank", "icn": "https://example.org/a"}
    rcdi = {"/icn": "sha256-" + "A" * 43, "/nam": "sha256-" + "A" * 43}
    data = read_rich_call_data({"rcd": rcd, "rcdi": rcdi})
    assert isinstance(data, RichCallData)
    assert check_integrity(rcd, data).problem is not None


# --- tokens and header values --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("token", "place", "words"),
    [
        ("a.b", "token", "three parts"),
        ("e30.e30.AA.AA", "token", "three parts"),
        ("e30.e30.AA.AA.AA.AA", "token", "three parts"),
        (".e30.AA", "header", "the header is empty"),
        ("e30..AA", "payload", "the payload is empty"),
        ("W10.e30.AA", "header", "the header is not a JSON object"),
        ("e30.W10.AA", "payload", "the payload is not a JSON object"),
        ("e.e30.AA", "header", "the header is not base64url: "),
        ("e30.e30=.AA", "payload", "the payload is not base64url: "),
        ("e30.e3.AA", "payload", "the payload is not"),
    ],
)
def test_a_token_is_refused_in_words_at_its_place(token, place, words):
    with pytest.raises(PassportError, match=words) as caught:
        decode(token)
    assert (caught.value.place, str(caught.value)) == (place, caught.value.problem)


def test_a_payload_is_refused_at_the_member_that_is_wrong():
    payload = render_base64url(b'{"x":{"y":[1,NaN]}}').decode()
    with pytest.raises(PassportError, match="the payload is not read as JSON: NaN") as caught:
        decode(f"e30.{payload}.AA")
    assert caught.value.place == "payload/x/y/1"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "does not begin with a PASSporT"),
        (";ppt=shaken", "does not begin with a PASSporT"),
        ("a.b.c;ppt=shaken , d.e.f", "a second Identity value begins after the comma at position 16"),
        ("a ppt=shaken", "what stands at position 1 is not a parameter"),
        ("a.b.c;=x", "what stands at position 5 is not a parameter"),
        ("a.b.c;\n", "U\\+000A at position 6"),
    ],
)
def test_a_header_value_is_refused_in_words(value, words):
    with pytest.raises(IdentityError, match=words) as caught:
        parse_identity(value)
    assert str(caught.value) == caught.value.problem


def test_parameters_are_remembered_up_to_their_length_and_read_alike_beyond():
    for length in (LONGEST_KEPT - 10, LONGEST_KEPT, LONGEST_KEPT + 10):
        value = f"a.b.c;x={'y' * (length - 3)}"
        assert parse_identity(value) == parse_identity(value)
        assert parse_identity(value).other_parameters == (("x", "y" * (length - 3)),)


# --- JSON and base64url --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A", "last character stands alone"),
        ("AAAAA", "last character stands alone"),
        ("AAAA++++", "only A-Z"),
        ("AAAA====", "only A-Z"),
        ("////AAAA", "only A-Z"),
        ("AA\n\n\n\nAA", "only A-Z"),
        ("AAAA    ", "only A-Z"),
        ("éééé", "only A-Z"),
        ("AB", "bits that belong to no byte"),
        ("AAB", "bits that belong to no byte"),
    ],
)
def test_base64url_is_refused_in_words(text, words):
    with pytest.raises(Base64UrlError, match=words) as caught:
        read_base64url(text)
    assert caught.value.problem == str(caught.value)


@pytest.mark.parametrize(
    ("text", "pointer", "words"),
    [
        (b'{"a":1e999}', "/a", "a number is too large"),
        (b'{"a":[0.%s]}' % (b"1" * 200), "/a/0", "longer than 128 characters"),
        (b'{"a":[%s]}' % (b"1" * 21), "/a/0", "longer than 20 characters"),
        (b'{"a":"\\ud800"}', "/a", "half of a surrogate pair"),
        (b'["x",{"\\ud800":1}]', "/1", "member name holds half"),
        (b'{"a":{"b":1,"b":2}}', "/a", "'b' stands twice"),
        (b'{"\\n\\u001b":1,"\\n\\u001b":2}', "", "'\\\\n\\\\x1b' stands twice"),
        (b'{"%s":1,"%s":2}' % (b"n" * 65, b"n" * 65), "", f"'{'n' * 64}\\.\\.\\.' stands twice"),
        (b'{"%s":1,"%s":2}' % (b"n" * 64, b"n" * 64), "", f"'{'n' * 64}' stands twice"),
        ('{"é":1,"é":2}'.encode(), "", "'é' stands twice"),
        (b'{"a\\u0000":NaN}', "/a\\x00", "NaN is not a JSON number"),
        (b"[1.5e999,2.5e999]", "/0", "too large"),
        (b"[NaN,Infinity]", "/0", "NaN is not"),
    ],
)
def test_json_is_refused_in_words_at_its_place(text, pointer, words):
    with pytest.raises(StrictJsonError, match=words) as caught:
        read_json(text)
    assert (caught.value.pointer, caught.value.problem) == (pointer, str(caught.value))


@pytest.mark.parametrize(
    ("text", "problem", "position"),
    [
        (b"  x", "not JSON: expecting value (character 2)", 2),
        (b"\n{,}", "not JSON: expecting property name enclosed in double quotes (character 2)", 2),
        (b'["a" "b"]  ', "not JSON: expecting ',' delimiter (character 5)", 5),
        (b'["', "not JSON: unterminated string starting (character 1)", 1),
        (b"1 1 1", "not JSON: something follows the value (character 2)", 2),
        (b"{}\x0c", "not JSON: something follows the value (character 2)", 2),
        (b"\xef\xbb\xbf{}", "the text begins with a byte order mark", 0),
        (b'"\xff"', "the text is not valid UTF-8", 1),
    ],
)
def test_what_is_no_json_is_refused_at_its_character(text, problem, position):
    with pytest.raises(StrictJsonError) as caught:
        read_json(text)
    assert (caught.value.problem, caught.value.position) == (problem, position)


def test_the_depth_holds_exactly_there():
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert read_json(deepest) == json.loads(deepest)
    with pytest.raises(StrictJsonError, match="nest deeper than 32 levels"):
        read_json(b"[" + deepest + b"]")
    value: object = 1
    for _ in range(MAX_DEPTH):
        value = {"a": value}
    assert render_json(value) == json.dumps(value, separators=(",", ":")).encode()
    with pytest.raises(CanonicalJsonError, match="nest deeper"):
        render_json({"a": value})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "no form for float"),
        ({"a": b""}, "no form for bytes"),
        ({1: 1}, "a member name must be a string, not int"),
        ("\ud800", "half of a surrogate pair"),
    ],
)
def test_what_has_no_canonical_form_is_refused_in_words(value, words):
    with pytest.raises(CanonicalJsonError, match=words):
        render_json(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a", "begins with '/'"),
        ("/~2", "begins with '/'"),
        ("/" + "a" * MAX_POINTER_CHARACTERS, "longer than 256"),
    ],
)
def test_what_is_no_pointer_is_refused_in_words(text, words):
    with pytest.raises(PointerError, match=words):
        parse_pointer(text)
    with pytest.raises(PointerError, match="points at nothing"):
        resolve({"a": [1]}, ("a", "1"))
