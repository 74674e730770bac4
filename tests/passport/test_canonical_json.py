import json
from contextlib import suppress
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.canonical_json import CanonicalJsonError, render_json
from gateway.passport.strict import MAX_DEPTH, read_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=15,
)
ANYTHING = st.recursive(
    st.none() | st.floats() | st.integers() | st.text() | st.binary() | st.dates() | st.just(object()),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner)
        | st.sets(st.integers())
    ),
    max_leaves=8,
)


@given(VALUES)
def test_it_writes_what_an_independent_sorted_writer_writes(value):
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert render_json(value) == expected.encode()


@given(VALUES)
def test_the_strict_reader_reads_it_back(value):
    assert read_json(render_json(value)) == value


@given(ANYTHING)
def test_any_value_is_written_or_is_the_declared_error(value):
    with suppress(CanonicalJsonError):
        render_json(value)


def test_the_example_of_rfc_8225_section_9_comes_out_sorted_at_every_level():
    value = {
        "orig": {"tn": "12155551212"},
        "dest": {"uri": ["sip:alice@example.com"]},
        "iat": 1443208345,
    }
    assert render_json(value) == (
        b'{"dest":{"uri":["sip:alice@example.com"]},"iat":1443208345,"orig":{"tn":"12155551212"}}'
    )


def test_names_are_ordered_by_code_point_not_by_utf16_unit():
    assert render_json({"😀": 1, "\ue000": 2, "z": 3, "Z": 4}) == '{"Z":4,"z":3,"\ue000":2,"😀":1}'.encode()


def test_only_what_json_obliges_is_escaped():
    assert render_json('é/"\\\n\x01\x7f😀') == b'"\xc3\xa9/\\"\\\\\\n\\u0001\x7f\xf0\x9f\x98\x80"'


def test_literals_are_lower_case_and_a_tuple_is_an_array():
    assert render_json({"a": (True, False, None)}) == b'{"a":[true,false,null]}'


def test_a_string_enumeration_is_its_value():
    class Attestation(StrEnum):
        A = "A"

    assert render_json({"attest": Attestation.A}) == b'{"attest":"A"}'


@pytest.mark.parametrize(
    "value",
    [1.0, [0.5], {"a": float("nan")}, {1: 2}, {"a": {None: 1}}, b"x", {"a": {1}}, object(), "\ud800",
     {"\udfff": 1}],
)  # fmt: skip
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(CanonicalJsonError):
        render_json(value)


def test_depth_is_bounded():
    value = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert render_json(value)
    with pytest.raises(CanonicalJsonError, match="deeper"):
        render_json({"a": value})
