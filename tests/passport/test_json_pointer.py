from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passport.json_pointer import MAX_POINTER_CHARACTERS, PointerError, parse_pointer, resolve
from tests.passport.payloads import VALUES

# RFC 6901 section 5.
DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7, "~1": 9}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/foo/1", "baz"), ("/", 0), ("/a~1b", 1), ("/m~0n", 8),
     ("/ ", 7), ("/~01", 9)],
)  # fmt: skip
def test_a_pointer_leads_to_its_value(pointer, value):
    assert resolve(DOCUMENT, parse_pointer(pointer)) == value


@pytest.mark.parametrize(
    "pointer", ["", "foo", "/~", "/~2", "/a~", "#/foo", "/" + "x" * MAX_POINTER_CHARACTERS]
)
def test_what_is_no_pointer_is_refused(pointer):
    with pytest.raises(PointerError):
        parse_pointer(pointer)


def test_the_longest_pointer_is_read():
    assert parse_pointer("/" + "x" * (MAX_POINTER_CHARACTERS - 1))


@pytest.mark.parametrize(
    "pointer",
    [
        "/bar",
        "/foo/2",
        "/foo/-",
        "/foo/-1",
        "/foo/00",
        "/foo/01",
        "/foo/0/0",
        "/foo/\N{ARABIC-INDIC DIGIT ONE}",
        "/foo/9999999",
        "/foo/0x0",
    ],
)
def test_a_pointer_to_nothing_is_refused(pointer):
    with pytest.raises(PointerError):
        resolve(DOCUMENT, parse_pointer(pointer))


@given(st.text(max_size=20) | st.lists(st.sampled_from(["nam", "0", "1", "-", "~0"])).map("/".join), VALUES)
def test_any_text_and_document_give_a_value_or_the_declared_error(text, document):
    with suppress(PointerError):
        resolve(document, parse_pointer(text))
