"""The short cut never says anything that the strict reader would not have said."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.claims import ShakenClaims, read_plain_shaken, read_shaken_claims
from gateway.passport.plain_json import PlainReader, quotes_within
from gateway.passport.strict import read_json

PLAIN = (
    b'{"attest":"A","dest":{"tn":["442079460123"]},"iat":1795378385,"orig":{"tn":"442079460456"},'
    b'"origid":"0f9fae3c-45a2-4f0b-a8b5-a2a4fbd6bbb8"}'
)
PIECES = [
    b'"attest":"A"',
    b'"attest":"B"',
    b'"dest":{"tn":["442079460123"]}',
    b'"dest":{"tn":["1","2"]}',
    b'"dest":{"tn":["1"],"tn":["2"]}',
    b'"dest":{"tn":[]}',
    b'"dest":{"uri":["sip:a@b"]}',
    b'"iat":1795378385',
    b'"iat":1795378385.0',
    b'"iat":-1',
    b'"iat":99999999999999999999999',
    b'"orig":{"tn":"442079460456"}',
    b'"orig":{"tn":""}',
    b'"orig":{"tn":"4420","tn":"4421"}',
    b'"origid":"0f9fae3c-45a2-4f0b-a8b5-a2a4fbd6bbb8"',
    b'"origid":"none"',
    b'"origid":"\\u0030f9fae3c-45a2-4f0b-a8b5-a2a4fbd6bbb8"',
    b'"rcd":{"nam":"HMRC"}',
]


class Pair(msgspec.Struct, forbid_unknown_fields=True):
    left: str
    right: str


READER = PlainReader(Pair, lambda pair: 8 + quotes_within(pair.left) + quotes_within(pair.right))


def agrees(data: bytes) -> bool:
    """Whether the short cut was silent or said what the strict road says."""
    plain = read_plain_shaken(data)
    if plain is None:
        return True
    document = read_json(data)
    assert isinstance(document, dict)
    return plain == (document, read_shaken_claims(document))


def test_the_plain_form_is_taken() -> None:
    taken = read_plain_shaken(PLAIN)
    assert taken is not None
    payload, claims = taken
    assert payload == json.loads(PLAIN)
    assert isinstance(claims, ShakenClaims)
    assert claims == read_shaken_claims(payload)


@given(st.lists(st.sampled_from(PIECES), min_size=4, max_size=7), st.sampled_from([b",", b" , ", b",,"]))
def test_any_members_in_any_order_agree_with_the_strict_reader(pieces: list[bytes], comma: bytes) -> None:
    assert agrees(b"{" + comma.join(pieces) + b"}")


@given(st.integers(0, len(PLAIN)), st.binary(max_size=3), st.integers(0, 3))
def test_any_damage_agrees_with_the_strict_reader(place: int, inserted: bytes, cut: int) -> None:
    assert agrees(PLAIN[:place] + inserted + PLAIN[place + cut :])


@given(st.text(max_size=8), st.text(max_size=8), st.booleans())
def test_a_value_is_the_strict_readers_value(left: str, right: str, is_ascii: bool) -> None:
    data = json.dumps({"left": left, "right": right}, ensure_ascii=is_ascii).encode()
    pair = READER.read(data)
    if pair is None:
        assert "u0022" in left + right
    else:
        assert read_json(data) == {"left": pair.left, "right": pair.right}


ESCAPES = st.lists(
    st.sampled_from(
        ['\\"', "\\\\", "\\/", "\\n", "\\u0022", "\\u005c", "\\ud83d", "\\ude00", "\\x", "a", '"', "\\"]
    )
)


@given(ESCAPES.map("".join), ESCAPES.map("".join))
def test_escapes_hide_nothing_from_the_short_cut(left: str, right: str) -> None:
    data = f'{{"left":"{left}","right":"{right}"}}'.encode()
    pair = READER.read(data)
    if pair is not None:
        assert read_json(data) == {"left": pair.left, "right": pair.right}


@pytest.mark.parametrize(
    "data",
    [
        b'{"left":"a","left":"a","right":"b"}',
        b'{"left":"a","right":"b","right":"b"}',
        b'{"left":"a"}',
        b'{"left":"a","right":"b","third":"c"}',
        b'{"left":"a","right":1}',
        b'{"left":"a","right":"b","\\u006ceft":"c"}',
        b'{"left":"\\"","right":"b","right":"c"}',
        b'{"left":"\\\\","left":"b","right":"c"}',
        b'{"left":"\\u0022\\u0022\\u0022\\u0022","left":"b","right":"c"}',
        b'{"left":"a","left":"\\u0022\\u0022\\u0022\\u0022","right":"c"}',
        b'{"left":"\\ud800","right":"b"}',
        b'{"left":"a","right":"b"} x',
        b'\xef\xbb\xbf{"left":"a","right":"b"}',
        b'{"left":"\xff","right":"b"}',
        b"[" * 100_000,
        b"",
    ],
)
def test_whatever_readers_could_differ_on_is_left_to_the_strict_one(data: bytes) -> None:
    assert READER.read(data) is None
