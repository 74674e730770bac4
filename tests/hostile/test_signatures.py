"""Signatures: Wycheproof's vectors, and through the HTTP API every form that is not r and s of this token.

Wycheproof signs messages of its own, which are no tokens, so its vectors are held against the check itself.
The kinds it has (edge values, other lengths, other encodings) are made anew for tokens and sent to a node.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.passport.fields import ClaimProblem
from gateway.passport.passport import UnverifiedPassport
from gateway.passport.signature import _is_signed
from tests.gateway_node import eventually
from tests.hostile.signer import Signer, Switch
from tests.integration.tokens import base64url, decoded, raw_signature
from tests.vectors import wycheproof

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
Change = Callable[[int, int], tuple[int, int]]


def test_every_vector_of_wycheproof_is_judged_as_it_says():
    judged = 0
    for group in wycheproof():
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(group["key"]))
        for number, comment, message, signature, result in group["tests"]:
            passport = UnverifiedPassport(
                header={}, payload={}, ppt=None, claims=ClaimProblem("", "", missing=False), token="",
                signing_input=bytes.fromhex(message), signature=bytes.fromhex(signature),
            )  # fmt: skip
            assert _is_signed(passport, key) == (result == "valid"), (number, comment)
            judged += 1
    assert judged == 262


def with_numbers(change: Change) -> Callable[[bytes, ec.EllipticCurvePrivateKey], bytes]:
    def sign(message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
        raw = raw_signature(message, key)
        return b"".join(
            number.to_bytes(32) for number in change(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        )

    return sign


EDGES = {"0": 0, "1": 1, "n - 1": ORDER - 1, "n": ORDER, "n + 1": ORDER + 1, "p": FIELD, "most": 2**256 - 1}


@pytest.mark.parametrize("first", [*EDGES, "r"])
@pytest.mark.parametrize("second", [*EDGES, "s"])
def test_numbers_at_the_edges_do_not_pass(switch: Switch, signer: Signer, first: str, second: str):
    if (first, second) != ("r", "s"):
        sign = with_numbers(lambda r, s: (EDGES.get(first, r), EDGES.get(second, s)))
        assert switch.verify(signer.identity(sign=sign)) == ("TN-Validation-Failed", 438)


def der(message: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.sign(message, ec.ECDSA(SHA256()))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


OTHER_FORMS: dict[str, Callable[[bytes, ec.EllipticCurvePrivateKey], bytes]] = {
    "nothing": lambda *_: b"",
    "one byte": lambda *_: b"\x01",
    "r alone": lambda message, key: raw_signature(message, key)[:32],
    "63 bytes": lambda message, key: raw_signature(message, key)[:63],
    "65 bytes": lambda message, key: raw_signature(message, key) + b"\0",
    "66 bytes, zeros before each": lambda message, key: (
        b"\0" + raw_signature(message, key)[:32] + b"\0" + raw_signature(message, key)[32:]
    ),
    "twice": lambda message, key: raw_signature(message, key) * 2,
    "4096 bytes": lambda message, key: raw_signature(message, key) * 64,
    "DER": der,
    "DER, cut to 64": lambda message, key: der(message, key)[:64],
    "swapped": with_numbers(lambda r, s: (s, r)),
    "negative r": with_numbers(lambda r, s: (ORDER - r, s)),
    "r and s beyond n": with_numbers(lambda r, s: ((r + ORDER) % 2**256, s)),
    "both little-endian": lambda message, key: raw_signature(message, key)[::-1],
    "hexadecimal": lambda message, key: raw_signature(message, key).hex().encode(),
    "HMAC with an empty key": lambda message, key: hmac.digest(b"", message, "sha256"),
    "HMAC with the public key": lambda message, key: hmac.digest(point(key), message, "sha256"),
    "a hash": lambda message, key: hashlib.sha512(message).digest(),
    "of nothing": lambda message, key: raw_signature(b"", key),
    "of the payload": lambda message, key: raw_signature(message.partition(b".")[2], key),
    "by another key": lambda message, key: raw_signature(message, ec.generate_private_key(ec.SECP256R1())),
    "with SHA-384": lambda message, key: raw_signature(hashlib.sha384(message).digest(), key),
    "with SHA-512": lambda message, key: key.sign(message, ec.ECDSA(SHA512())),
    "ES384": lambda message, key: ec.generate_private_key(ec.SECP384R1()).sign(message, ec.ECDSA(SHA384())),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_signature_in_another_form_does_not_pass(switch: Switch, signer: Signer, form: str):
    for _ in range(2):
        identity = signer.identity(sign=OTHER_FORMS[form])
        assert switch.verify(identity) == ("TN-Validation-Failed", 438)


def test_the_other_s_passes_and_is_no_other_call_to_the_memory_of_replays(switch: Switch, signer: Signer):
    """(r, n - s) is as valid as (r, s): it says the same of the same call, so it is not refused.

    Whoever has a token can write the other one. So nothing is kept by token or signature: spelling a
    captured token anew does not make it a new one.
    """
    genuine = signer.identity()
    token, _, parameters = genuine.partition(";")
    head, _, signature = token.rpartition(".")
    raw = decoded(signature)
    other = base64url(raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32))
    assert switch.passes(f"{head}.{other};{parameters}")
    spelt = itertools.cycle((signature, other))

    def is_a_replay() -> bool:
        verdict = switch.verdict(f"{head}.{next(spelt)};{parameters}")
        return "replay.distinct-calls" in [reason["code"] for reason in verdict["reasons"]]

    eventually(is_a_replay)


@pytest.mark.parametrize(
    "text",
    [
        "{}=",
        "{}==",
        "{} A",
        "{}\n",
        "{}.",
        "{}.AAAA",
        "%2e{}",
        "{}A",
        "{}AA",
        "{}AAA",
        "{}AAAA",
        "\t{}",
        "{}\x00",
    ],
)
def test_a_good_signature_spelt_otherwise_does_not_pass(switch: Switch, signer: Signer, text: str):
    token, _, parameters = signer.identity().partition(";")
    head, _, signature = token.rpartition(".")
    assert not switch.passes(f"{head}.{text.format(signature)};{parameters}")


def test_unused_bits_of_the_last_characters_are_no_second_spelling(switch: Switch, signer: Signer):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token, _, parameters = signer.identity().partition(";")
    parts = token.split(".")
    for place, part in enumerate(parts):
        value = alphabet.index(part[-1])
        for other in {value | 1, value | 2, value | 3, value ^ 1} - {value}:
            changed = parts.copy()
            changed[place] = part[:-1] + alphabet[other]
            assert not switch.passes(".".join(changed) + ";" + parameters)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bit_of_a_genuine_token_can_be_turned(switch: Switch, signer: Signer, data: st.DataObject):
    """A bit of the text, or of the bytes it stands for; the whole of it is in tests/verification."""
    token, _, parameters = signer.identity().partition(";")
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(token) - 1))
        turned = chr(ord(token[place]) ^ (1 << data.draw(st.integers(0, 6))))
        token = token[:place] + turned + token[place + 1 :]
    else:
        parts = token.split(".")
        which = data.draw(st.integers(0, 2))
        meant = bytearray(decoded(parts[which]))
        bit = data.draw(st.integers(0, len(meant) * 8 - 1))
        meant[bit // 8] ^= 1 << bit % 8
        parts[which] = base64url(bytes(meant))
        token = ".".join(parts)
    assert not switch.passes(f"{token};{parameters}")
