from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reputation.entry import EntryError, FeedEvidence, ReputationEntry, decode_entry, encode_entry
from gateway.reputation.path import PATHS

DAYS = st.integers(0, 65_535)
FEEDS = st.builds(
    lambda feed, complaints, share, days, path: FeedEvidence(
        feed, complaints, complaints * share, *sorted(days), path
    ),
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True),
    st.integers(1, 2**32 - 1),
    st.floats(0, 1, width=32),
    st.tuples(DAYS, DAYS),
    st.sampled_from(["", *sorted(PATHS)]),
)
ENTRIES = st.builds(ReputationEntry, st.lists(FEEDS, min_size=1, max_size=8).map(tuple), DAYS)


@given(ENTRIES)
def test_an_entry_comes_back_as_it_was(entry):
    found = decode_entry(encode_entry(entry))
    assert found.expires_day == entry.expires_day
    for each, before in zip(found.feeds, entry.feeds, strict=True):
        assert each.weight == pytest.approx(before.weight, rel=1e-6, abs=1e-30)
        assert each == FeedEvidence(
            before.feed, before.complaints, each.weight, before.first_day, before.last_day, before.path
        )


@given(ENTRIES)
def test_what_was_stored_once_is_stored_the_same_again(entry):
    stored = encode_entry(entry)
    assert encode_entry(decode_entry(stored)) == stored


def test_an_entry_of_three_feeds_fits_redis_compact_hashes():
    feeds = tuple(FeedEvidence(name, 1234, 123.4567, 20414, 20414) for name in ("ftc-dnc", "reports", "fcc"))
    assert len(encode_entry(ReputationEntry(feeds, 21144))) <= 64


@given(st.one_of(st.binary(max_size=200), st.builds(
    lambda data, at, byte: data[:at] + bytes([byte]) + data[at + 1 :],
    ENTRIES.map(encode_entry), st.integers(0, 60), st.integers(0, 255),
)))  # fmt: skip
def test_any_bytes_are_an_entry_or_that_error(data):
    try:
        entry = decode_entry(data)
    except EntryError:
        return
    assert decode_entry(encode_entry(entry)).expires_day == entry.expires_day


def stored(*, complaints=1, weight=1.0, first=1, last=1, path=0, name=b"f", length=None, version=3, cut=None):
    feed = struct.pack(
        "<IfHHBB", complaints, weight, first, last, path, len(name) if length is None else length
    )
    return (struct.pack("<BH", version, 20_000) + feed + name)[:cut]


def test_what_is_refused_below_differs_from_an_entry_in_one_thing():
    assert decode_entry(stored()).feeds == (FeedEvidence("f", 1, 1.0, 1, 1),)


@pytest.mark.parametrize(
    "data",
    [
        stored(version=2), stored(cut=3), stored(cut=-1), stored(cut=10), stored(complaints=0, weight=0.0),
        stored(weight=2.0), stored(weight=-1.0), stored(weight=float("nan")), stored(weight=float("inf")),
        stored(first=2), stored(name=b"F G"), stored(name=b""), stored(name=b"\xff"), stored(path=13),
        stored(path=255), stored(length=2), stored(length=0), stored() * 2,
        stored() + stored()[3:] * 8, b"", b"\xff", b" " * 2000,
        b'[2,20000,[["f",1,1.0,1,1,""]]]',
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_refused(data):
    with pytest.raises(EntryError):
        decode_entry(data)
