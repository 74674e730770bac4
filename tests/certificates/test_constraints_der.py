"""The bytes of claim constraints: a value, or ConstraintsError."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.certificates.constraints import (
    ConstraintsError,
    parse_constraints,
    parse_enhanced_constraints,
)
from tests.certificates.extensions import (
    constraints_der,
    tlv,
)

# --- bytes ---------------------------------------------------------------------------------------

GOOD = constraints_der(must_include=["a"], permitted={"b": ["c"]})


@pytest.mark.parametrize(
    "der",
    [
        b"",
        tlv(0x30),
        constraints_der(must_include=[]),
        constraints_der(permitted={}),
        constraints_der(permitted={"a": []}),
        constraints_der(permitted={"": ["a"]}),
        constraints_der(must_include=["a"], permitted={}),
        constraints_der(must_include=[""]),
        constraints_der(must_include=["a b"]),
        constraints_der(must_include=['a"b']),
        constraints_der(must_include=["a\\b"]),
        constraints_der(must_include=["a\r\nb"]),
        constraints_der(must_include=["a\n"]),
        constraints_der(must_include=["é"]),
        constraints_der(must_include=["a" * 257]),
        GOOD + b"\x00",
        GOOD[:-1],
        b"\x31" + GOOD[1:],
        b"\x30\x81" + GOOD[1:],
        tlv(0x30, tlv(0x80, tlv(0x16, b"a"))),  # IMPLICIT
        tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x0C, b"a")))),  # a name as UTF8String
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, tlv(0x16, b"a"), tlv(0x30, tlv(0x16, b"b")))))),
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, tlv(0x16, b"a"), tlv(0x30, tlv(0x0C, b"\xff")))))),
        tlv(0x30, tlv(0xA1, tlv(0x30, tlv(0x30, tlv(0x16, b"a"))))),
        tlv(0x30, tlv(0xA3, tlv(0x30, tlv(0x16, b"a")))),
        tlv(0x30, tlv(0xA1, tlv(0x30)), tlv(0xA0, tlv(0x30, tlv(0x16, b"a")))),  # out of order
    ],
)
def test_other_bytes_are_refused(der):
    for parse in (parse_constraints, parse_enhanced_constraints):
        with pytest.raises(ConstraintsError):
            parse(der)


def test_the_older_extension_cannot_exclude():
    der = constraints_der(must_include=["a"], must_exclude=["b"])
    assert parse_enhanced_constraints(der).must_exclude == ("b",)
    with pytest.raises(ConstraintsError, match="RFC 8226"):
        parse_constraints(der)


@given(st.binary() | st.tuples(st.integers(0), st.integers(0, 255)))
def test_any_bytes_give_constraints_or_the_one_error(data):
    if isinstance(data, tuple):
        changed = bytearray(constraints_der(must_include=["a"], permitted={"b": ["c"]}, must_exclude=["d"]))
        changed[data[0] % len(changed)] = data[1]
        data = bytes(changed)
    for parse in (parse_constraints, parse_enhanced_constraints):
        try:
            found = parse(data)
        except ConstraintsError:
            continue
        assert found.must_include or found.permitted_values or found.must_exclude
