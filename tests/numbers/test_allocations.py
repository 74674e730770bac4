"""Which block a number lies in, and whose it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.canonical import NumberError, TelephoneNumber
from gateway.numbers.ranges import NumberRange

HELD = Holding(BlockStatus.ALLOCATED, "Example Ltd", "ofcom")
FREE = Holding(BlockStatus.FREE, "", "ofcom")


def block(start: str, count: int, holding: Holding = HELD) -> Block:
    return Block(NumberRange(TelephoneNumber(start), count), holding)


LISTED = Allocations(
    [block("442079460000", 1000), block("442079461000", 1000, FREE), block("44800123456", 1)]
)


@pytest.mark.parametrize(
    ("tn", "holding", "held"),
    [
        ("442079460000", HELD, block("442079460000", 1000).numbers),
        ("442079460999", HELD, block("442079460000", 1000).numbers),
        ("442079461000", FREE, None),
        ("442079461999", FREE, None),
        ("442079462000", None, None),
        ("442079459999", None, None),
        ("44207946000", None, None),
        ("44800123456", HELD, block("44800123456", 1).numbers),
        ("448001234560", None, None),
        ("999", None, None),
        ("*21#", None, None),
        ("", None, None),
    ],
)
def test_a_number_is_found_in_its_block_and_in_no_other(tn, holding, held):
    assert LISTED.holding(TelephoneNumber(tn)) == holding
    assert LISTED.range_of(TelephoneNumber(tn)) == held


def test_blocks_that_share_a_number_are_refused():
    with pytest.raises(NumberError, match=r"from \+442079460000 and \+442079460500 overlap"):
        Allocations([block("442079460500", 1), block("442079460000", 1000)])


def test_without_a_list_nothing_is_said():
    assert Allocations().holding(TelephoneNumber("442079460000")) is None
    assert (len(Allocations()), len(LISTED)) == (0, 3)


def test_lists_are_the_same_when_all_their_blocks_are():
    blocks = [block("442079460000", 1000), block("44800123456", 1)]
    assert Allocations(blocks) == Allocations(reversed(blocks))
    for other in (
        [],
        blocks[:1],
        [*blocks[:1], block("44800123456", 1, FREE)],
        [*blocks[:1], block("44800123457", 1)],
    ):
        assert Allocations(blocks) != Allocations(other)
    assert Allocations(blocks) != blocks
    (table,) = Allocations(blocks[:1])._tables.values()
    assert table != [block("442079460000", 1000)]


@given(st.sets(st.integers(0, 999), max_size=40), st.integers(0, 10_000))
def test_what_is_found_is_what_a_walk_over_all_blocks_finds(tens, tail):
    blocks = [block(f"44207{ten * 10:07}", 10) for ten in tens]
    tn = TelephoneNumber(f"44207{tail:07}")
    found = next((each.numbers for each in blocks if each.numbers.covers(tn)), None)
    assert Allocations(blocks).range_of(tn) == found
