from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.registry.codes import CODES, hash_code, is_code, read_code, render_code

SALT = b"s" * 16


@given(st.integers(0, CODES - 1), st.integers(0, CODES - 1))
def test_a_code_opens_itself_and_no_other(one, other):
    stored = hash_code(render_code(one), salt=SALT)
    assert is_code(render_code(other), salt=SALT, stored=stored) is (one == other)


@given(st.text())
def test_anything_may_be_typed(text):
    code = read_code(text)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())
    assert is_code(text, salt=SALT, stored=hash_code("123456", salt=SALT)) is (code == "123456")


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456"])
def test_people_type_codes_as_they_hear_them(typed):
    assert read_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "123456\n", "12345a"])
def test_what_is_no_code_is_none(typed):
    assert read_code(typed) is None


def test_a_code_is_chosen_among_a_million():
    assert render_code(7) == "000007"
    for chosen in (-1, CODES):
        with pytest.raises(ValueError, match="chosen among"):
            render_code(chosen)


def test_two_salts_give_two_hashes():
    assert hash_code("123456", salt=SALT) != hash_code("123456", salt=b"t" * 16)
