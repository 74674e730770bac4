from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.block_entry import decode_block, decode_exchange, encode_block, encode_exchange
from gateway.reputation.blocks import BlockEvidence, GivenOut
from gateway.reputation.entry import EntryError
from gateway.reputation.wide_range import WIDTHS

WEIGHTS = st.one_of(st.just(0.0), st.floats(1e-8, 1e8))
BLOCKS = st.builds(
    BlockEvidence, st.integers(0, 65_535), st.integers(1, 2**32 - 1), WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS
)
PARTS = st.lists(st.sampled_from("0123456789"), unique=True).map("".join)
WEIGHTY = ("fresh", "lasting", "fresh_spread", "lasting_spread")


def assert_like(found, evidence):
    assert (found.day, found.numbers) == (evidence.day, evidence.numbers)
    for name in WEIGHTY:
        assert getattr(found, name) == pytest.approx(getattr(evidence, name), rel=3.3e-4)


@given(BLOCKS, PARTS)
def test_a_block_comes_back_but_for_a_third_of_a_thousandth(evidence, parts):
    assert_like(decode_block(encode_block(evidence, parts)), evidence)


@given(BLOCKS, BLOCKS, PARTS)
def test_an_exchange_comes_back_with_its_area(area, exchange, parts):
    found = decode_exchange(encode_exchange(area, exchange, parts))
    for each, evidence in zip(found, (area, exchange), strict=True):
        assert_like(each, evidence)


@given(BLOCKS, BLOCKS, BLOCKS, st.sampled_from(WIDTHS), PARTS)
def test_an_exchange_comes_back_with_the_range_it_was_given_out_in(area, wide, exchange, width, parts):
    given_out = msgspec.structs.replace(exchange, given_out=GivenOut(width, wide))
    found_area, found = decode_exchange(encode_exchange(area, given_out, parts))
    assert_like(found_area, area)
    assert_like(found, exchange)
    assert found.given_out.width == width
    assert_like(found.given_out.evidence, wide)


@given(BLOCKS)
def test_what_was_stored_once_is_stored_the_same_again(evidence):
    stored = encode_block(evidence)
    assert encode_block(decode_block(stored)) == stored


@given(BLOCKS, st.floats(1, 10), st.sampled_from(WEIGHTY))
def test_more_weight_is_never_stored_as_less(evidence, times, name):
    heavier = BlockEvidence(
        evidence.day,
        evidence.numbers,
        *(getattr(evidence, each) * (times if each == name else 1) for each in WEIGHTY),
    )
    assert getattr(decode_block(encode_block(heavier)), name) >= getattr(
        decode_block(encode_block(evidence)), name
    )


def test_the_longest_fits_redis_compact_hashes():
    evidence = BlockEvidence(20_800, 123_456, 1234.5678, 98_765.4321, 0.00012345, 432.1)
    given_out = msgspec.structs.replace(evidence, given_out=GivenOut(5, evidence))
    assert len(encode_exchange(evidence, given_out, "0123456789")) <= 64


def test_a_range_of_another_width_is_refused():
    evidence = BlockEvidence(20_800, 1, 1.0, 1.0, 1.0, 1.0)
    given_out = msgspec.structs.replace(evidence, given_out=GivenOut(4, evidence))
    with pytest.raises(EntryError):
        decode_exchange(encode_exchange(evidence, given_out))


@given(st.binary(max_size=80))
def test_any_bytes_are_blocks_or_that_error(data):
    for decode in (decode_block, decode_exchange):
        try:
            found = decode(data)
        except EntryError:
            continue
        for each in found if isinstance(found, tuple) else (found,):
            assert each.numbers >= 1
            assert all(0 <= getattr(each, name) <= 1.001e9 for name in WEIGHTY)


@pytest.mark.parametrize("data", [b"", b"\x01" * 13, b"\x01" * 25, b"\x01\x01" + bytes(4) + b"\x01" * 8])
def test_a_block_that_cannot_be_is_refused(data):
    with pytest.raises(EntryError):
        decode_block(data)


def test_evidence_heavier_or_lighter_than_the_scale_is_stored_at_its_end():
    found = decode_block(encode_block(BlockEvidence(-1, 2**40, 1e300, 1e-300, 0.0, 1.0)))
    assert (found.day, found.numbers) == (0, 2**32 - 1)
    assert found.fresh == pytest.approx(1e9)
    assert found.lasting == 0.0
