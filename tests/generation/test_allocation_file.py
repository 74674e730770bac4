"""`allocations.csv`: what is written reads back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.allocation_file import (
    HEADER,
    merged,
    read_allocation_file,
    read_blocks,
    render_blocks,
)
from gateway.generation.csv_file import ProblemList
from gateway.numbers.allocations import Allocations, Block, BlockStatus, Holding
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange

HOLDERS = st.text(
    st.characters(categories=("L", "N", "P", "Zs"), exclude_characters="\x85"), max_size=12
).map(str.strip)


def blocks_from(draws: list[tuple[int, BlockStatus, str]]) -> list[Block]:
    return [
        Block(NumberRange(TelephoneNumber(f"44207946{place:03}0"), 10), Holding(status, holder, "ofcom"))
        for place, status, holder in draws
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(BlockStatus), HOLDERS), unique_by=lambda each: each[0]
    )
)
def test_what_is_written_reads_back_and_says_the_same_of_every_number(draws):
    blocks = blocks_from(draws)
    problems = ProblemList("allocations.csv")
    again = list(read_blocks(render_blocks(blocks), problems))
    assert not problems
    assert again == list(merged(blocks))
    before, after = Allocations(blocks), Allocations(again)
    for tail in range(0, 1000, 3):
        tn = TelephoneNumber(f"442079460{tail:03}")
        assert before.holding(tn) == after.holding(tn)


def test_neighbours_that_nobody_holds_are_one_row_and_given_blocks_stay_apart():
    blocks = blocks_from([(0, BlockStatus.FREE, ""), (1, BlockStatus.FREE, ""), (3, BlockStatus.FREE, "")])
    blocks += blocks_from([(5, BlockStatus.ALLOCATED, "A"), (6, BlockStatus.ALLOCATED, "A")])
    assert [block.numbers.count for block in merged(blocks)] == [20, 10, 10, 10]


@given(st.binary(max_size=200))
def test_any_bytes_give_allocations_or_problems(data):
    found = read_allocation_file(f"{','.join(HEADER)}\n".encode() + data + b"\n")
    assert isinstance(found, Allocations) or found
