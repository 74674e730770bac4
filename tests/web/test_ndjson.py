"""A body of many lines is taken whole, or refused with every line and place that is wrong."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.ndjson import MOST_LINES, MOST_PROBLEMS, read_lines
from gateway.web.problems import Problem
from gateway.web.shape import read_shape


class Row(msgspec.Struct, forbid_unknown_fields=True):
    a: int


def read(line: bytes) -> int:
    return read_shape(line, Row).a


async def test_lines_come_in_their_order_and_empty_ones_are_passed_over():
    assert await read_lines(b'{"a": 1}\r\n\n  \n{"a": 2}', read) == [1, 2]


async def test_every_mistake_is_named_by_line_and_field_and_nothing_is_taken():
    with pytest.raises(Problem) as refused:
        await read_lines(b'{"a": 1}\n\n{"a": "x"}\n{"a": 1, "b": 2}\n{}\n[', read)
    problem = refused.value
    assert [(each["line"], each["pointer"]) for each in problem.errors] == [
        (3, "/a"),
        (4, "/b"),
        (5, "/a"),
        (6, ""),
    ]
    assert "line 3: /a:" in problem.detail
    assert "and 3 more" in problem.detail
    assert "None of the 5 lines was taken" in problem.detail


async def test_the_mistakes_listed_are_bounded_and_all_are_counted():
    with pytest.raises(Problem) as refused:
        await read_lines(b"{}\n" * 100, read)
    assert len(refused.value.errors) == MOST_PROBLEMS
    assert "and 99 more" in refused.value.detail


async def test_a_body_has_a_line_and_not_too_many():
    for body in (b"", b"\n\n"):
        with pytest.raises(Problem) as refused:
            await read_lines(body, read)
        assert refused.value.status == 400
    assert len(await read_lines(b'{"a":1}\n' * MOST_LINES, read)) == MOST_LINES
    with pytest.raises(Problem) as refused:
        await read_lines(b'{"a":1}\n' * (MOST_LINES + 1), read)
    assert refused.value.status == 413


@given(st.binary(max_size=200) | st.lists(st.dictionaries(st.text(), st.integers())).map(
    lambda rows: "\n".join(map(json.dumps, rows)).encode()
))  # fmt: skip
async def test_any_bytes_are_values_or_a_problem(body):
    refused = None
    try:
        assert all(isinstance(value, int) for value in await read_lines(body, read))
    except Problem as problem:
        refused = problem
    assert refused is None or (refused.status == 400 and all(each["problem"] for each in refused.errors))
