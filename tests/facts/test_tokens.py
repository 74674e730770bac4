from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.tokens import hash_token, render_token


@given(st.binary(min_size=32, max_size=32))
def test_every_rendered_token_has_a_hash(secret):
    token = render_token(secret)
    assert token.startswith("cmk_")
    assert hash_token(token) == hashlib.sha256(token.encode()).hexdigest()


@given(st.text())
def test_any_text_has_a_hash_only_if_it_has_the_form_of_a_token(text):
    assert hash_token(text) is None


@pytest.mark.parametrize("change", [lambda t: t + "\n", lambda t: t[:-1] + "B", lambda t: t[4:], str.upper])
def test_what_is_nearly_a_token_is_none(change):
    assert hash_token(change(render_token(bytes(32)))) is None


def test_fewer_random_bytes_make_no_token():
    with pytest.raises(ValueError, match="32 bytes, not 16"):
        render_token(bytes(16))
