from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.entry import EntryError, FeedEvidence, ReputationEntry, decode_entry, encode_entry
from gateway.reputation.path import PATHS

DAYS = st.integers(0, 100_000)
FEEDS = st.builds(
    lambda feed, complaints, share, days, path: FeedEvidence(
        feed, complaints, round(complaints * share, 4), *sorted(days), path
    ),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True),
    st.integers(1, 1000),
    st.floats(0, 1),
    st.tuples(DAYS, DAYS),
    st.sampled_from(["", *sorted(PATHS)]),
)
ENTRIES = st.builds(ReputationEntry, st.lists(FEEDS, min_size=1, max_size=8).map(tuple), DAYS)


@given(ENTRIES)
def test_an_entry_comes_back_as_it_was(entry):
    assert decode_entry(encode_entry(entry)) == entry


def test_an_entry_of_one_feed_fits_redis_compact_hashes():
    entry = ReputationEntry((FeedEvidence("ftc-dnc", 1234, 123.4567, 20414, 20414),), 21144)
    assert len(encode_entry(entry)) <= 64


@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-10, 10**12), st.floats(-10, 1e300),
              st.text(max_size=5), st.just("ftc-dnc")),
    lambda inner: st.lists(inner, max_size=5), max_leaves=12,
).map(msgspec.json.encode)))  # fmt: skip
def test_any_bytes_are_an_entry_or_that_error(data):
    try:
        entry = decode_entry(data)
    except EntryError:
        return
    assert decode_entry(encode_entry(entry)).expires_day == entry.expires_day


@pytest.mark.parametrize(
    "data",
    [
        b'[1,20000,[["f",1,1.0,1,1,""]]]', b"[2,20000,[]]", b'[2,20000,[["f",1,1.0,1,1]]]',
        b'[2,-1,[["f",1,1.0,1,1,""]]]', b'[2,20000,[["f",0,0.0,1,1,""]]]',
        b'[2,20000,[["f",1,2.0,1,1,""]]]', b'[2,20000,[["f",1,-1.0,1,1,""]]]',
        b'[2,20000,[["f",1,1.0,2,1,""]]]', b'[2,20000,[["F G",1,1.0,1,1,""]]]',
        b'[2,20000,[["f",1,1e999,1,1,""]]]', b'[2,20000,[["f",true,1.0,1,1,""]]]',
        b'[2,20000,[["f",1,1.0,1,1,"by pigeon"]]]',
        b"\xff", b"[" * 1000, b" " * 2000,
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_refused(data):
    with pytest.raises(EntryError):
        decode_entry(data)
