"""What is known of one number in short: the form in which Redis holds it and a call reads it.

A weight is stored as it stood on the feed's last day: under an exponential the weight of any later day
follows from it, so an entry is right on every day without being rewritten.

Stored packed: a version (one byte) and the last day it counts (two), then for each feed its complaints
(four bytes), weight (four), first and last day (two each), path, length of the name (one each) and the name;
days are counted from 1970-01-01. Three feeds take some 64 bytes, which keeps Redis' hashes in their compact
form, and one takes a third of that: a look-up walks through less. Decoding is strict: a value, or EntryError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.reputation.path import PATHS, UNKNOWN_PATH
from gateway.reputation.sighting import FEED_NAME

MOST_FEEDS: Final = 8
LONGEST_ENTRY: Final = 1024
"""Bytes; functions.lua sends nothing longer across."""
_EPOCH: Final = date(1970, 1, 1)
_VERSION: Final = 3
_HEAD: Final = struct.Struct("<BH")
_FEED: Final = struct.Struct("<IfHHBB")
_PATHS: Final = (UNKNOWN_PATH, *sorted(PATHS))
_PLACE_OF_PATH: Final = {path: place for place, path in enumerate(_PATHS)}
_LAST_DAY: Final = 0xFFFF
_MOST_COMPLAINTS: Final = 0xFFFFFFFF
_ROUNDED: Final = 1 + 1e-6
"""By how much a weight may have grown when it was stored in four bytes."""


class EntryError(ValueError):
    """The stored bytes are not an entry; the message says where they differ."""


@dataclass(frozen=True, slots=True)
class FeedEvidence:
    """What one feed says of calls by one path: distinct complaints, and their weight as of `last_day`."""

    feed: str
    complaints: int
    weight: float
    first_day: int
    last_day: int
    path: str = UNKNOWN_PATH


@dataclass(frozen=True, slots=True)
class ReputationEntry:
    """All feeds that speak of a number; counts up to and including `expires_day`."""

    feeds: tuple[FeedEvidence, ...]
    expires_day: int


def epoch_day(day: date) -> int:
    """Days from 1970-01-01 to `day`."""
    return (day - _EPOCH).days


def day_of(days: int) -> date:
    """Return the day that many days after 1970-01-01."""
    return _EPOCH + timedelta(days=days)


def encode_entry(entry: ReputationEntry) -> bytes:
    """Return the stored form; `decode_entry` gives the same back, weights to seven figures."""
    packed = [_HEAD.pack(_VERSION, _stored_day(entry.expires_day))]
    for each in entry.feeds:
        name = each.feed.encode("ascii")
        complaints = min(each.complaints, _MOST_COMPLAINTS)
        days = _stored_day(each.first_day), _stored_day(each.last_day)
        packed.append(_FEED.pack(complaints, each.weight, *days, _PLACE_OF_PATH[each.path], len(name)))
        packed.append(name)
    return b"".join(packed)


def _stored_day(day: int) -> int:
    return min(max(day, 0), _LAST_DAY)


def decode_entry(data: bytes) -> ReputationEntry:
    """Return the entry, or EntryError; never another error, whatever the bytes."""
    if len(data) > LONGEST_ENTRY:
        raise EntryError(f"longer than {LONGEST_ENTRY} bytes")
    try:
        version, expires_day = _HEAD.unpack_from(data)
        feeds, at = [], _HEAD.size
        while at < len(data):
            complaints, weight, first_day, last_day, place, length = _FEED.unpack_from(data, at)
            at += _FEED.size + length
            name = data[at - length : at].decode("ascii")
            found = FeedEvidence(name, complaints, weight, first_day, last_day, _PATHS[place])
            feeds.append(_checked(found, length))
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise EntryError(str(error)) from error
    if version != _VERSION or not 1 <= len(feeds) <= MOST_FEEDS:
        raise EntryError("version or number of feeds out of range")
    return ReputationEntry(tuple(feeds), expires_day)


def _checked(found: FeedEvidence, length: int) -> FeedEvidence:
    if len(found.feed) != length or FEED_NAME.fullmatch(found.feed) is None:
        raise EntryError("a feed's name is not one")
    if not found.complaints:
        raise EntryError("no complaint")
    if not 0 <= found.weight <= found.complaints * _ROUNDED:  # nor is what is no number
        raise EntryError("weight out of range")
    if found.first_day > found.last_day:
        raise EntryError("days out of order")
    return found
