from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts.blocks import MOST_NUMBERS, WIDEST, blocks_of, split_range


@st.composite
def ranges(draw):
    length = draw(st.integers(1, 15))
    start = draw(st.integers(0, 10**length - 1))
    count = draw(st.integers(1, min(MOST_NUMBERS, 10**length - start)))
    return f"{start:0{length}d}", count


def bounds(block):
    return int(block.replace("?", "0")), int(block.replace("?", "9"))


@given(ranges())
def test_the_blocks_of_a_range_are_the_range_without_gap_or_overlap(numbers):
    start, count = numbers
    blocks = split_range(start, count)
    assert bounds(blocks[0])[0] == int(start)
    assert bounds(blocks[-1])[1] == int(start) + count - 1
    assert all(bounds(one)[1] + 1 == bounds(next_)[0] for one, next_ in itertools.pairwise(blocks))
    assert {len(block) for block in blocks} == {len(start)}
    assert len(blocks) <= 18 * (WIDEST + 1)


@given(ranges(), st.data())
def test_a_number_is_in_a_range_if_and_only_if_they_share_a_block(numbers, data):
    start, count = numbers
    length = len(start)
    near = st.integers(max(0, int(start) - 20), min(10**length - 1, int(start) + count + 20))
    tn = f"{data.draw(near):0{length}d}"
    shared = set(blocks_of(tn)) & set(split_range(start, count))
    assert len(shared) == (int(start) <= int(tn) < int(start) + count)


def test_equal_digits_of_another_length_share_nothing():
    assert not set(blocks_of("4420794600001")) & set(split_range("442079460000", 1000))


def test_an_aligned_thousand_is_one_block_and_a_single_number_is_itself():
    assert split_range("442079460000", 1000) == ("442079460???",)
    assert split_range("*31#", 1) == ("*31#",)
    assert split_range("999", 1) == ("999",)


@pytest.mark.parametrize(
    ("start", "count"),
    [
        ("", 1),
        ("99", 2),
        ("44", 0),
        ("44", -1),
        ("*31", 2),
        ("44?", 1),
        ("٤٤", 2),
        ("44" * 7, MOST_NUMBERS + 1),
    ],
)
def test_what_is_no_range_is_a_value_error(start, count):
    with pytest.raises(ValueError, match=r"."):
        split_range(start, count)


@given(st.text(max_size=20), st.integers(-5, 10**9))
def test_any_text_gives_blocks_or_a_value_error(start, count):
    try:
        blocks = split_range(start, count)
    except ValueError:
        return
    assert blocks
