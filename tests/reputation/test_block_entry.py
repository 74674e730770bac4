from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.block_entry import decode_block, encode_block
from gateway.reputation.blocks import BlockEvidence
from gateway.reputation.entry import EntryError

WEIGHTS = st.floats(0, 1e6)
BLOCKS = st.builds(
    BlockEvidence, st.integers(0, 100_000), st.integers(1, 10**6), WEIGHTS, WEIGHTS, WEIGHTS, WEIGHTS
)


@given(BLOCKS)
def test_a_block_comes_back_to_four_figures(evidence):
    found = decode_block(encode_block(evidence))
    assert (found.day, found.numbers) == (evidence.day, evidence.numbers)
    assert found.fresh == pytest.approx(evidence.fresh, rel=1e-3)
    assert found.lasting_spread == pytest.approx(evidence.lasting_spread, rel=1e-3)


def test_a_block_fits_redis_compact_hashes():
    evidence = BlockEvidence(20_800, 123_456, 1234.5678, 98_765.4321, 0.00012345, 432.1)
    assert len(encode_block(evidence)) <= 64


@given(st.one_of(st.binary(max_size=150), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-10, 10**12), st.floats(-10, 1e300), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=7), max_leaves=9,
).map(msgspec.json.encode)))  # fmt: skip
def test_any_bytes_are_a_block_or_that_error(data):
    try:
        decode_block(data)
    except EntryError:
        return
    assert encode_block(decode_block(data))


@pytest.mark.parametrize(
    "data",
    [b"[20000,0,1,1,1,1]", b"[-1,1,1,1,1,1]", b"[20000,1,-1,1,1,1]", b"[20000,1,1e999,1,1,1]",
     b"[20000,1,1]", b" " * 200],
)  # fmt: skip
def test_a_block_that_cannot_be_is_refused(data):
    with pytest.raises(EntryError):
        decode_block(data)
