import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway
from gateway.passport.claims import ShakenClaims, read_shaken_claims
from gateway.passport.passport import (
    LONGEST_KEPT,
    LONGEST_SIGNATURE,
    MOST_BRACKETS,
    MOST_COMMAS,
    MOST_STRINGS,
    PassportError,
    UnverifiedPassport,
    VerifiedPassport,
    decode,
)
from gateway.passport.signature import verify
from gateway.passport.strict import render_base64url
from tests.passport.keys import HEADER, PAYLOAD, PUBLIC_KEY, RFC8225_7_1_TOKEN, compact_json, genuine_token


def part(data: bytes) -> str:
    return render_base64url(data).decode()


def refusal(token: str) -> PassportError:
    with pytest.raises(PassportError) as caught:
        decode(token)
    return caught.value


PARTS = (
    st.text(st.sampled_from(list("eyJ9_-.=A")), max_size=12)
    | st.binary(max_size=20).map(part)
    | st.just("e30")
)


@given(st.text() | st.lists(PARTS, max_size=4).map(".".join))
def test_any_text_gives_a_passport_or_the_declared_error(token):
    try:
        passport = decode(token)
    except PassportError as error:
        place = error.place.split("/")[0]
    else:
        place = "token"
        assert isinstance(passport, UnverifiedPassport)
        assert token.startswith(passport.signing_input.decode() + ".")
    assert place in {"token", "header", "payload"}


@given(st.binary())
def test_any_payload_bytes_give_a_passport_or_the_declared_error(payload):
    with suppress(PassportError):
        decode(f"e30.{part(payload)}.AA")


def test_a_genuine_token_is_decoded_and_its_received_bytes_are_kept():
    token = genuine_token()
    passport = decode(token)
    assert passport.header == HEADER
    assert passport.payload == PAYLOAD
    assert passport.signing_input == token.rpartition(".")[0].encode()
    assert passport.token == token
    assert passport.signature is not None
    assert len(passport.signature) == 64


def test_the_example_of_rfc_8225_section_7_1_is_decoded_as_it_stands():
    passport = decode(RFC8225_7_1_TOKEN)
    assert passport.header == {
        "alg": "ES256",
        "typ": "passport",
        "x5u": "https://cert.example.org/passport.cer",
    }
    assert passport.payload["iat"] == "1443208345"


@pytest.mark.parametrize("token", ["", "e30", "e30.e30", "e30.e30.AA.AA", "e30.e30.AA.", "...", "....."])
def test_other_than_three_parts_are_refused(token):
    assert refusal(token).place in {"token", "header"}


@pytest.mark.parametrize(
    ("token", "place"), [(".e30.AA", "header"), ("e30..AA", "payload"), ("..AA", "header")]
)
def test_an_empty_header_or_payload_is_refused(token, place):
    error = refusal(token)
    assert error.place == place
    assert "empty" in error.problem


@pytest.mark.parametrize("bad", ["e30=", "e3", "e31", "e30\n", " e30", "e+/0", "é30"])
def test_a_part_that_is_not_base64url_is_refused(bad):
    assert refusal(f"{bad}.e30.AA").place == "header"
    assert refusal(f"e30.{bad}.AA").place == "payload"


@pytest.mark.parametrize("value", [b"[]", b"1", b"null", b'"a"', b"true"])
def test_header_and_payload_are_objects(value):
    assert "object" in refusal(f"{part(value)}.e30.AA").problem
    assert "object" in refusal(f"e30.{part(value)}.AA").problem


def test_the_place_leads_into_the_payload():
    twice, not_a_number, unfinished = part(b'{"orig":{"tn":"1","tn":"2"}}'), part(b'{"alg":NaN}'), part(b"{")
    assert refusal(f"e30.{twice}.AA").place == "payload/orig"
    assert refusal(f"{not_a_number}.e30.AA").place == "header/alg"
    assert refusal(f"e30.{unfinished}.AA").place == "payload"


@pytest.mark.parametrize("signature", ["A", "AB", "AA==", "A+A/", "é", "AAAA\n"])
def test_a_signature_that_is_not_base64url_is_none_and_no_error(signature):
    assert decode(f"e30.e30.{signature}").signature is None


@pytest.mark.parametrize(("signature", "length"), [("", 0), ("AA", 1), ("A" * 84, 63), ("A" * 87, 65)])
def test_a_signature_of_any_length_is_given(signature, length):
    decoded = decode(f"e30.e30.{signature}").signature
    assert decoded is not None
    assert len(decoded) == length


def test_a_signature_longer_than_any_is_not_read_and_no_error():
    longest = decode(f"e30.e30.{'A' * LONGEST_SIGNATURE}").signature
    assert longest is not None
    assert len(longest) == LONGEST_SIGNATURE // 4 * 3
    assert decode(f"e30.e30.{'A' * (LONGEST_SIGNATURE + 4)}").signature is None


def test_a_verified_passport_cannot_be_made_without_a_checked_signature():
    claims = read_shaken_claims(PAYLOAD)
    assert isinstance(claims, ShakenClaims)
    with pytest.raises(TypeError):
        VerifiedPassport(claims=claims, header=HEADER, payload=PAYLOAD, token="")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="verify alone"):
        VerifiedPassport(claims=claims, header=HEADER, payload=PAYLOAD, token="", proof=None)  # type: ignore[arg-type]


def test_a_verified_passport_cannot_be_changed():
    verified = verify(decode(genuine_token()), PUBLIC_KEY)
    assert verified is not None
    with pytest.raises(AttributeError):
        verified.token = ""  # type: ignore[misc]
    # ValueError before Python 3.13.
    with pytest.raises((ValueError, TypeError), match="proof"):
        replace(verified, token="")


def test_only_the_signature_check_hands_over_the_proof():
    source = Path(gateway.__file__).parent
    users = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if re.search(r"\bSignatureProof\b", path.read_text())
    }
    assert users == {"passport/passport.py", "passport/signature.py"}


def test_white_space_and_member_order_of_the_signer_are_taken_as_they_are():
    header = compact_json(dict(reversed(HEADER.items())))
    passport = decode(f"{part(header)}.{part(b' { } ')}.AA")
    assert passport.header == HEADER
    assert passport.payload == {}


def test_a_header_too_long_to_be_remembered_is_read_all_the_same():
    for length in (LONGEST_KEPT, 4 * LONGEST_KEPT):
        header = {**HEADER, "x": "a" * length}
        token = f"{part(compact_json(header))}.{part(compact_json(PAYLOAD))}.AA"
        assert decode(token).header == decode(token).header == header
    assert refusal(f"{'A' * 2000}.e30.AA").place == "header"


def test_a_part_with_more_strings_than_any_real_one_is_refused_before_it_is_read():
    def token(called: int) -> str:
        payload = {**PAYLOAD, "dest": {"tn": ["441614960000"] * called}}
        return ".".join((part(compact_json(HEADER)), part(compact_json(payload)), "AA"))

    most = MOST_STRINGS - 10
    assert decode(token(most)).claims.dest == ("441614960000",) * most
    assert refusal(token(most + 1)).problem == f"the payload holds more than {MOST_STRINGS} strings"


def test_a_part_with_more_arrays_than_any_real_one_is_refused_before_it_is_read():
    def token(brackets: bytes) -> str:
        payload = compact_json(PAYLOAD)[:-1] + b',"x":[' + brackets + b"]}"
        return ".".join((part(compact_json(HEADER)), part(payload), "AA"))

    of_its_own = compact_json(PAYLOAD).count(b"[") + compact_json(PAYLOAD).count(b"{") + 1
    for one in (b"[]", b"{}"):
        brackets = b",".join([one] * (MOST_BRACKETS - of_its_own))
        assert decode(token(brackets)).payload["x"]
        found = refusal(token(brackets + b"," + one))
        assert found.problem == f"the payload holds more than {MOST_BRACKETS} arrays and objects"


def test_a_part_with_more_numbers_than_any_real_one_is_refused_before_it_is_read():
    def token(text: bytes) -> str:
        payload = compact_json(PAYLOAD)[:-1] + b"," + text + b"}"
        return ".".join((part(compact_json(HEADER)), part(payload), "AA"))

    of_its_own = compact_json(PAYLOAD).count(b",") + 1
    for one in (b"1", b"-1.5e9", b"null"):
        numbers = b",".join([one] * (MOST_COMMAS - of_its_own + 1))
        assert decode(token(b'"x":[' + numbers + b"]")).payload["x"]
        found = refusal(token(b'"x":[' + numbers + b"," + one + b"]"))
        assert found.problem == f"the payload holds more than {MOST_COMMAS} commas between its values"


@given(st.text(st.sampled_from(list(',\\"aé\n')), max_size=100))
def test_commas_within_a_text_are_counted_for_nothing(text):
    prose = text + "," * MOST_COMMAS + text
    payload = compact_json({**PAYLOAD, "x": prose})
    assert decode(f"{part(compact_json(HEADER))}.{part(payload)}.AA").payload["x"] == prose
