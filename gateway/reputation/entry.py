"""What is known of one number in short: the form in which Redis holds it and a call reads it.

A weight is stored as it stood on the feed's last day: under an exponential the weight of any later day
follows from it, so an entry is right on every day without being rewritten.

Stored as a JSON array, `[2, expires_day, [[feed, complaints, weight, first_day, last_day, path], …]]`, days
counted from 1970-01-01: one feed takes under 64 bytes, which keeps Redis' hashes in their compact form.
Decoding is strict: a value, or EntryError.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from gateway.reputation.path import PATHS, UNKNOWN_PATH
from gateway.reputation.sighting import FEED_NAME

MOST_FEEDS: Final = 8
LONGEST_ENTRY: Final = 1024
"""Bytes; functions.lua sends nothing longer across."""
_EPOCH: Final = date(1970, 1, 1)
_LAST_DAY: Final = 100_000
_MOST_COMPLAINTS: Final = 10**9


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
    """Return the stored form; `decode_entry` gives the same back, weights to four places."""
    feeds = [[f.feed, f.complaints, round(f.weight, 4), f.first_day, f.last_day, f.path] for f in entry.feeds]
    return msgspec.json.encode([2, entry.expires_day, feeds])


_DECODER: Final = msgspec.json.Decoder(
    tuple[Literal[2], int, list[tuple[str, int, float, int, int, str]]], strict=True
)


def decode_entry(data: bytes) -> ReputationEntry:
    """Return the entry, or EntryError; never another error, whatever the bytes."""
    if len(data) > LONGEST_ENTRY:
        raise EntryError(f"longer than {LONGEST_ENTRY} bytes")
    try:
        _, expires_day, rows = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryError(str(error)) from error
    if not 0 <= expires_day <= _LAST_DAY or not 1 <= len(rows) <= MOST_FEEDS:
        raise EntryError("expiry or number of feeds out of range")
    return ReputationEntry(tuple(_checked(FeedEvidence(*row)) for row in rows), expires_day)


def _checked(found: FeedEvidence) -> FeedEvidence:
    if FEED_NAME.fullmatch(found.feed) is None:
        raise EntryError("a feed's name is not one")
    if not 1 <= found.complaints <= _MOST_COMPLAINTS:
        raise EntryError("complaints out of range")
    if not (math.isfinite(found.weight) and 0 <= found.weight <= found.complaints):
        raise EntryError("weight out of range")
    if not 0 <= found.first_day <= found.last_day <= _LAST_DAY:
        raise EntryError("days out of range")
    if found.path != UNKNOWN_PATH and found.path not in PATHS:
        raise EntryError("a path is not one")
    return found
