import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.claims import ShakenClaims
from gateway.passport.identity import parse_identity
from gateway.passport.passport import PassportError, UnverifiedPassport, decode
from gateway.passport.signature import _is_signed, encode_header, render_identity, sign, verify
from gateway.passport.strict import render_base64url
from tests.passport.keys import (
    HEADER,
    PAYLOAD,
    PRIVATE_KEY,
    PUBLIC_KEY,
    RFC7515_A3_KEY,
    RFC7515_A3_TOKEN,
    RFC8225_7_1_TOKEN,
    RFC8225_A2_KEY,
    X5U,
    genuine_token,
    public_key,
    signed,
)

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def with_signature(signature: bytes) -> UnverifiedPassport:
    head = genuine_token().rpartition(".")[0]
    return decode(f"{head}.{render_base64url(signature).decode()}")


def genuine_signature() -> bytes:
    signature = decode(genuine_token()).signature
    assert signature is not None
    return signature


def passes(token: str) -> bool:
    try:
        return verify(decode(token), PUBLIC_KEY) is not None
    except PassportError:
        return False


def test_what_is_signed_here_verifies_with_its_claims():
    token = genuine_token()
    verified = verify(decode(token), PUBLIC_KEY)
    assert verified is not None
    assert verified.claims == ShakenClaims(
        attest="A",
        dest=("441614960000",),
        iat=1795378385,
        orig="442079460123",
        origid="de305d54-75b4-431b-adb2-eb6b9e546014",
    )
    assert (verified.header, verified.payload, verified.token) == (HEADER, PAYLOAD, token)


def test_header_and_payload_are_signed_in_canonical_form():
    header, payload, _ = genuine_token().split(".")
    assert (
        header
        == render_base64url(
            b'{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://certificates.example.org/shaken.pem"}'
        ).decode()
    )
    assert (
        payload
        == render_base64url(
            b'{"attest":"A","dest":{"tn":["441614960000"]},"iat":1795378385,"orig":{"tn":"442079460123"},'
            b'"origid":"de305d54-75b4-431b-adb2-eb6b9e546014"}'
        ).decode()
    )


def test_the_signature_is_raw_and_verifies_without_our_code():
    signature = genuine_signature()
    assert len(signature) == 64
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    PUBLIC_KEY.verify(der, decode(genuine_token()).signing_input, ec.ECDSA(SHA256()))


def test_two_signatures_of_one_payload_differ():
    assert len({signed().rpartition(".")[2][:43] for _ in range(50)}) == 50


def test_a_signed_payload_is_taken_as_bytes_whatever_its_order_and_white_space():
    payload = (
        b'{ "origid":"de305d54-75b4-431b-adb2-eb6b9e546014","orig":{"tn":"442079460123"},\r\n'
        b'"iat":1795378385, "dest":{"tn":["441614960000"]},"attest":"A"}'
    )
    token = sign(header=encode_header(HEADER), payload=payload, key=PRIVATE_KEY)
    assert passes(token)


@given(st.data())
def test_a_token_with_one_character_changed_never_verifies(data):
    token = genuine_token()
    position = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(
        st.sampled_from([*BASE64URL, ".", "=", "+", "/", "\n", " ", "é"]).filter(
            lambda c: c != token[position]
        )
    )
    assert not passes(token[:position] + other + token[position + 1 :])


@given(st.data())
def test_a_token_with_a_character_more_or_less_never_verifies(data):
    token = genuine_token()
    position = data.draw(st.integers(0, len(token) - 1))
    assert not passes(token[:position] + token[position + 1 :])
    added = data.draw(st.sampled_from([*BASE64URL, ".", "=", "\n", " "]))
    assert not passes(token[:position] + added + token[position:])
    assert not passes(token + added)


@given(st.data())
def test_a_passport_with_one_bit_changed_in_its_signature_never_verifies(data):
    bit = data.draw(st.integers(0, 511))
    changed = bytearray(genuine_signature())
    changed[bit // 8] ^= 1 << bit % 8
    assert verify(with_signature(bytes(changed)), PUBLIC_KEY) is None


@given(st.binary(max_size=130) | st.binary(min_size=64, max_size=64))
def test_no_bytes_as_signature_raise_or_verify(signature):
    assert verify(with_signature(signature), PUBLIC_KEY) is None


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 66, 96, 128, 4096])
def test_a_signature_of_another_length_does_not_verify(length):
    signature = (genuine_signature() * 64)[:length]
    assert verify(with_signature(signature), PUBLIC_KEY) is None


def test_a_signature_with_zeros_before_or_after_does_not_verify():
    assert verify(with_signature(b"\0" + genuine_signature()), PUBLIC_KEY) is None
    assert verify(with_signature(genuine_signature() + b"\0"), PUBLIC_KEY) is None


def test_a_signature_in_der_does_not_verify():
    der = PRIVATE_KEY.sign(decode(genuine_token()).signing_input, ec.ECDSA(SHA256()))
    assert verify(with_signature(der), PUBLIC_KEY) is None


@pytest.mark.parametrize("r", [0, 1, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1, None])
@pytest.mark.parametrize("s", [0, 1, ORDER - 1, ORDER, ORDER + 1, 2**256 - 1, None])
def test_integers_at_and_beyond_the_ends_do_not_verify(r, s):
    if r is None and s is None:
        return
    genuine = genuine_signature()
    first = genuine[:32] if r is None else r.to_bytes(32)
    second = genuine[32:] if s is None else s.to_bytes(32)
    assert verify(with_signature(first + second), PUBLIC_KEY) is None


def test_swapped_halves_do_not_verify():
    genuine = genuine_signature()
    assert verify(with_signature(genuine[32:] + genuine[:32]), PUBLIC_KEY) is None


def test_the_other_s_of_a_genuine_signature_verifies():
    genuine = genuine_signature()
    other = genuine[:32] + (ORDER - int.from_bytes(genuine[32:])).to_bytes(32)
    assert verify(with_signature(other), PUBLIC_KEY) is not None


def test_a_signature_that_could_not_be_read_does_not_verify():
    passport = decode(genuine_token() + "=")
    assert passport.signature is None
    assert verify(passport, PUBLIC_KEY) is None


def test_another_hash_does_not_verify():
    message = decode(genuine_token()).signing_input
    numbers = PRIVATE_KEY.sign(message, ec.ECDSA(SHA384()))
    r, s = decode_dss_signature(numbers)
    assert verify(with_signature(r.to_bytes(32) + s.to_bytes(32)), PUBLIC_KEY) is None


def test_another_key_does_not_verify():
    other = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    assert verify(decode(genuine_token()), other) is None


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_a_key_on_another_curve_does_not_verify_its_own_signature(curve):
    key = ec.derive_private_key(7, curve)
    size = (curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(decode(genuine_token()).signing_input, ec.ECDSA(SHA256())))
    passport = with_signature(r.to_bytes(size) + s.to_bytes(size))
    assert verify(passport, key.public_key()) is None


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048).public_key(), ed25519.Ed25519PrivateKey.generate().public_key()],
    ids=["rsa", "ed25519"],
)
def test_a_key_of_another_kind_does_not_verify_and_does_not_raise(key):
    assert verify(decode(genuine_token()), key) is None


@pytest.mark.parametrize("alg", ["none", "nOnE", "HS256", "ES384", "RS256", None])
def test_the_algorithm_is_never_taken_from_the_token(alg):
    # Which `alg` may stand there is the verification's to say; here a true ES256 signature is ES256, and
    # an empty one, or one made with the public key as a secret, is not.
    header = encode_header({**HEADER, "alg": alg})
    payload = genuine_token().split(".")[1]
    head = header.decode() + "." + payload
    mac = hashlib.sha256(head.encode()).digest()
    assert not passes(f"{head}.")
    assert not passes(f"{head}.{render_base64url(mac).decode()}")
    assert passes(signed(header={**HEADER, "alg": alg}))


def test_a_payload_without_the_claims_of_shaken_is_not_verified_as_one():
    assert not passes(signed(payload={**PAYLOAD, "iat": "1795378385"}))
    assert not passes(signed(payload={claim: value for claim, value in PAYLOAD.items() if claim != "origid"}))


def test_the_jws_of_rfc_7515_is_checked_over_its_received_bytes():
    # It is no PASSporT, so only the check of the signature below `verify` can say yes to it.
    key = public_key(RFC7515_A3_KEY)
    assert _is_signed(decode(RFC7515_A3_TOKEN), key)
    assert not _is_signed(decode(RFC7515_A3_TOKEN), PUBLIC_KEY)
    assert verify(decode(RFC7515_A3_TOKEN), key) is None


def test_the_example_of_rfc_8225_is_genuinely_signed_but_its_claims_are_not_shaken():
    passport = decode(RFC8225_7_1_TOKEN)
    assert _is_signed(passport, public_key(RFC8225_A2_KEY))
    assert verify(passport, public_key(RFC8225_A2_KEY)) is None


def test_the_identity_value_is_that_of_the_samples_and_is_parsed_back():
    value = render_identity("a.b.c", X5U)
    assert value == f"a.b.c;info=<{X5U}>;alg=ES256;ppt=shaken"
    identity = parse_identity(value)
    assert (identity.token, identity.info, identity.alg, identity.ppt) == ("a.b.c", X5U, "ES256", "shaken")
