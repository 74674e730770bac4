from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.commands import CommandError
from gateway.control.commands.documents import (
    parse_decision_request,
    parse_time,
    parse_token_request,
    render_time,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    ["name", "scopes", "trunk", "expires", "tn", "range", "action", "reason", "trunk_kind"]
)


@given(JSON | st.dictionaries(MEMBERS, JSON))
@pytest.mark.parametrize("parse", [parse_token_request, parse_decision_request])
def test_any_json_is_a_request_or_a_command_error(parse, document):
    with contextlib.suppress(CommandError):
        parse(document)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({"name": "a"}, "/scopes"),
        ({"name": 1, "scopes": []}, "/name"),
        ({"name": "a", "scopes": "call:sign"}, "/scopes"),
        ({"name": "a", "scopes": [1]}, "/scopes/0"),
        ({"name": "a", "scopes": [], "a/b": 1}, "/a~1b"),
        ({"name": "a", "scopes": [], "expires": "2027-01-01T00:00:00"}, "/expires"),
    ],
)
def test_the_wrong_member_is_named(document, pointer):
    with pytest.raises(CommandError) as refused:
        parse_token_request(document)
    assert refused.value.pointer == pointer


def test_a_time_reads_back():
    assert (
        parse_time("2027-01-31T13:00:00+01:00", "")
        == parse_time(render_time(1_801_396_800), "")
        == 1_801_396_800
    )
