"""Headers made to confuse a verifier, for every type: none passes, none raises, none is fetched for in vain.

Payloads are signed as they stand with the genuine key: what is refused here is refused for its form.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.passport.signature import sign
from gateway.passport.strict import read_base64url, render_base64url
from gateway.reasons import Verstat
from tests.passport.keys import PRIVATE_KEY, X5U
from tests.verification.calls import A, B, CallDraft, bare, base, div, div_o, rcd, rph, shaken, verified
from tests.verification.drafts import NOW

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

BESIDE = {"div": [shaken(A)]}
"""What a type needs beside it to be worth anything."""
GENUINE = {
    "base": base(A),
    "shaken": shaken(A, iat=NOW),
    "div": div(A, B),
    "div-o": div_o(A, B, bare(shaken(A))),
    "rcd": rcd(A, crn="Your card"),
    "rph": rph(A, sph="psap-callback"),
}
TYPES = sorted(GENUINE)


def parts(ppt: str) -> tuple[dict, dict]:
    header, payload, _ = bare(GENUINE[ppt]).split(".")
    return json.loads(read_base64url(header)), json.loads(read_base64url(payload))


def made(ppt: str, *, header: dict | None = None, payload: bytes | None = None) -> str:
    """A genuinely signed header value with other bytes in it; encoded as a careless signer would."""
    own_header, own_payload = parts(ppt)
    head = render_base64url(json.dumps(own_header if header is None else header).encode())
    body = json.dumps(own_payload).encode() if payload is None else payload
    token = sign(header=head, payload=body, key=PRIVATE_KEY)
    return token + GENUINE[ppt][len(bare(GENUINE[ppt])) :]


def passes(ppt: str, value: str) -> bool:
    """Whether the header itself is believed, in the call it was made for."""
    callee = B if ppt.startswith("div") else A
    found = verified(value, *BESIDE.get(ppt, []), to=(A,), request_uri=callee)
    if ppt == "base":
        # Without ppt, any other type's token would be another matter.
        assert found.outcome.attest is None
    return found.headers[0].outcome.passport is not None


def with_member(ppt: str, text: str) -> bytes:
    """The genuine payload with one member more, written by hand."""
    return (json.dumps(parts(ppt)[1])[:-1] + f",{text}}}").encode()


@pytest.mark.parametrize("ppt", TYPES)
def test_what_the_others_are_compared_with_passes(ppt):
    assert passes(ppt, GENUINE[ppt])
    assert passes(ppt, made(ppt))
    assert passes(ppt, made(ppt, payload=with_member(ppt, '"further":[1,{"a":null}]')))


HOSTILE_MEMBERS = {
    "duplicate": '"iat":1',
    "duplicate by escape": '"\\u0069at":1',
    "duplicate inside": '"x":{"a":1,"a":1}',
    "huge integer": '"x":' + "9" * 5000,
    "long integer": '"x":' + "9" * 21,
    "huge float": '"x":1e400',
    "NaN": '"x":NaN',
    "infinity": '"x":-Infinity',
    "lone surrogate": '"x":"\\ud800"',
    "lone surrogate in a name": '"\\udfff":1',
    "depth": '"x":' + "[" * 3000 + "]" * 3000,
    "depth of objects": '"x":' + '{"a":' * 40 + "1" + "}" * 40,
    "comment": '"x":1/* */',
    "single quotes": "'x':1",
    "control character": '"x":"\n"',
    "leading zero": '"x":01',
    "hexadecimal": '"x":0x10',
}


@pytest.mark.parametrize("ppt", TYPES)
@pytest.mark.parametrize("member", HOSTILE_MEMBERS.values(), ids=HOSTILE_MEMBERS)
def test_json_on_which_two_parsers_could_disagree_is_refused(ppt, member):
    assert not passes(ppt, made(ppt, payload=with_member(ppt, member)))


@pytest.mark.parametrize("ppt", TYPES)
def test_json_in_another_encoding_or_with_something_round_it_is_refused(ppt):
    payload = json.dumps(parts(ppt)[1])
    for raw in (
        b"\xef\xbb\xbf" + payload.encode(),
        payload.encode("utf-16"),
        payload.replace("orig", "\xff").encode("latin-1"),
        payload.encode() + b"{}",
        payload.encode() + b"\x00",
        b"[" + payload.encode() + b"]",
        b"",
        b"null",
    ):
        assert not passes(ppt, made(ppt, payload=raw))
    assert passes(ppt, made(ppt, payload=b" \r\n" + payload.encode() + b"\n"))


@pytest.mark.parametrize("ppt", TYPES)
@pytest.mark.parametrize(
    "iat", ["0", "-1", "true", "null", '"1795378385"', "1795378385.0", "1.795378385e9", "1795378385000", "[]"]
)
def test_an_iat_that_is_no_fresh_integer_of_seconds_is_refused(ppt, iat):
    payload = json.dumps({**parts(ppt)[1], "iat": "IAT"}).replace('"IAT"', iat)
    assert not passes(ppt, made(ppt, payload=payload.encode()))


NUMBERS = [
    "442079460123\n", "442079460123\x00", " 442079460123", "442079460123,442079460123", "+44 2079460123",
    "\N{ARABIC-INDIC DIGIT FOUR}42079460123", "\N{FULLWIDTH DIGIT FOUR}42079460123",
    "44207946012\N{SUPERSCRIPT THREE}", "442079460123\r\nIdentity: x", "sip:442079460123@example.org",
    "0x66f1e3c3b",
    "442079460123e0", "",
]  # fmt: skip


@pytest.mark.parametrize("ppt", TYPES)
@pytest.mark.parametrize("tn", NUMBERS, ids=range(len(NUMBERS)))
def test_a_number_in_disguise_is_another_number(ppt, tn):
    _, payload = parts(ppt)
    assert not passes(ppt, made(ppt, payload=json.dumps({**payload, "orig": {"tn": tn}}).encode()))
    swapped = tn.replace("442079460123", payload["dest"]["tn"][0]).replace(
        "42079460123", payload["dest"]["tn"][0][1:]
    )
    dest = {"dest": {"tn": [swapped]}}
    assert not passes(ppt, made(ppt, payload=json.dumps({**payload, **dest}).encode()))


@pytest.mark.parametrize("ppt", TYPES)
@pytest.mark.parametrize(
    "alg", ["none", "None", "nOnE", "HS256", "ES384", "RS256", "PS256", "EdDSA", "", None, ["ES256"]]
)
def test_another_algorithm_is_refused_though_the_signature_is_good(ppt, alg):
    header, _ = parts(ppt)
    assert not passes(ppt, made(ppt, header={**header, "alg": alg}))


@pytest.mark.parametrize("ppt", TYPES)
@pytest.mark.parametrize(
    "name", ["crit", "b64", "jwk", "jku", "kid", "x5c", "x5t", "x5t#S256", "zip", "enc", "cty"]
)
def test_a_header_that_chooses_another_key_or_reading_is_refused(ppt, name):
    header, _ = parts(ppt)
    for value in (["b64"], [], False, "x", {"kty": "EC"}):
        assert not passes(ppt, made(ppt, header={**header, name: value}))


@pytest.mark.parametrize("ppt", TYPES)
def test_a_token_of_one_type_is_not_taken_for_another(ppt):
    for other in (None, "", "shaken", "div", "div-o", "rcd", "rph", "SHAKEN", ["shaken"], {"a": 1}):
        if other == ppt or (other is None and ppt == "base"):
            continue
        header = {name: value for name, value in parts(ppt)[0].items() if name != "ppt"}
        assert not passes(ppt, made(ppt, header={**header, "ppt": other}))
    if ppt != "base":
        header = {name: value for name, value in parts(ppt)[0].items() if name != "ppt"}
        assert not passes(ppt, made(ppt, header=header))


def spoilt(value: str, signature: bytes | str) -> str:
    token = bare(value)
    text = signature if isinstance(signature, str) else render_base64url(signature).decode()
    return token.rpartition(".")[0] + "." + text + value[len(token) :]


@pytest.mark.parametrize("ppt", TYPES)
def test_a_signature_in_another_form_is_refused(ppt):
    value = GENUINE[ppt]
    head, _, text = bare(value).rpartition(".")
    raw = read_base64url(text)
    r, s = raw[:32], raw[32:]
    zero, top = bytes(32), b"\xff" * 32
    order = ORDER.to_bytes(32)
    for signature in (
        b"", raw[:63], raw + b"\0", b"\0" + raw, raw + raw, raw * 64, s + r,
        zero + s, r + zero, zero + zero, order + s, r + order, top + s, r + top, top + top,
        PRIVATE_KEY.sign(head.encode(), ec.ECDSA(SHA256())),
        hmac.digest(b"", head.encode(), "sha256"), hashlib.sha512(head.encode()).digest(),
    ):  # fmt: skip
        assert not passes(ppt, spoilt(value, signature))
    for other in (
        text + "=",
        text + "==",
        text[:-1],
        text + "A",
        text[:-1] + chr(ord(text[-1]) + 1),
        text + ".",
    ):
        assert not passes(ppt, spoilt(value, other))
    high_s = r + (ORDER - int.from_bytes(s)).to_bytes(32)
    assert passes(ppt, spoilt(value, high_s))


@pytest.mark.parametrize("ppt", TYPES)
def test_white_space_and_line_breaks_in_the_header_value_are_no_way_round(ppt):
    value = GENUINE[ppt]
    for end in ("\n", "\r\n", "\x00", "\x0b", "\u2028", "\r\nReason: x"):
        assert not passes(ppt, value + end)
        assert not passes(ppt, end + value)
        assert not passes(ppt, value.replace(";info", f"{end};info"))
    assert passes(ppt, f" {value}\t")


@pytest.mark.parametrize("ppt", TYPES)
@settings(max_examples=60)
@given(data=st.data())
def test_no_bit_of_a_token_can_be_turned(ppt, data):
    value = GENUINE[ppt]
    token = bare(value)
    place = data.draw(st.integers(0, len(token) - 1))
    other = chr(ord(token[place]) ^ (1 << data.draw(st.integers(0, 6))))
    assert not passes(ppt, token[:place] + other + token[place + 1 :] + value[len(token) :])


def test_no_bit_at_all_of_a_shaken_token_can_be_turned():
    """Every bit of the text, and every bit of the bytes that it stands for."""
    value = GENUINE["shaken"]
    token = bare(value)
    rest = value[len(token) :]
    for place, bit in itertools.product(range(len(token)), range(7)):
        other = chr(ord(token[place]) ^ (1 << bit))
        assert not passes("shaken", token[:place] + other + token[place + 1 :] + rest)
    parts = token.split(".")
    for which, part in enumerate(parts):
        meant = read_base64url(part)
        for bit in range(len(meant) * 8):
            turned = bytearray(meant)
            turned[bit // 8] ^= 1 << bit % 8
            spelt = render_base64url(bytes(turned)).decode()
            assert not passes("shaken", ".".join([*parts[:which], spelt, *parts[which + 1 :]]) + rest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=9)
    | st.sampled_from([A, B, "sha256-" + "A" * 43, "esnet.0", "psap-callback", bare(shaken(A))]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["tn", "uri", "hi", "auth", "nam", "jcd", "jcl"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
CHANGED = st.dictionaries(
    st.sampled_from(
        ["orig", "dest", "div", "opt", "rcd", "rcdi", "crn", "iss", "rph", "sph", "attest", "origid"]
    ),
    JSON,
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("ppt", TYPES)
@settings(max_examples=60)
@given(changed=CHANGED)
def test_whatever_is_signed_is_answered(ppt, changed):
    payload = json.dumps({**parts(ppt)[1], **changed}).encode()
    found = verified(made(ppt, payload=payload), *BESIDE.get(ppt, []), request_uri=B if "div" in ppt else A)
    if found.headers[0].outcome.passport is not None:
        assert "orig" not in changed


def test_a_header_at_its_longest_is_answered():
    for value in (
        "A" * 16_384,
        f"{bare(GENUINE['base'])};" + ";".join(f"p{each}" for each in range(5000)),
        base(*(str(447700900000 + each) for each in range(700))),
        div_o(A, B, "a.b." + "c" * 9000),
    ):
        assert verified(value).outcome.verstat is not Verstat.TN_VALIDATION_PASSED


def test_a_hundred_headers_are_answered_in_order():
    call = CallDraft([div(A, B)] * 50 + [shaken(A)] * 50, to=(B,))
    assert len(call.examined().headers) == 100
    assert all(header.finding is not None for header in call.examined().headers[:50])


@pytest.mark.parametrize(
    "x5u", ["https://127.0.0.1/a.pem", "http://example.org/a.pem", X5U + "?a", X5U + "#a"]
)
def test_nothing_is_fetched_from_a_forbidden_address_of_any_type(x5u):
    for ppt in TYPES:
        value = GENUINE[ppt].replace(X5U, x5u)
        header, _ = parts(ppt)
        token = bare(made(ppt, header={**header, "x5u": x5u}))
        value = token + value[len(bare(value)) :]
        callee = B if ppt.startswith("div") else A
        call = CallDraft([value, *BESIDE.get(ppt, [])], request_uri=callee).examined()
        assert all(link.x5u != x5u for header in call.headers for link in header.links)
