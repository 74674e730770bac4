"""Sightings to the evidence of blocks, one area at a time, so that memory is bounded by the largest area.

Sightings come in the order of the numbers. Numbers of different lengths are no neighbours and lie
between each other in that order, so one area of each length is open at a time.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import msgspec

from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.blocks import (
    FRESH_DAYS,
    LASTING_DAYS,
    LEVELS,
    BlockEvidence,
    GivenOut,
    Level,
    block_of,
    has_blocks,
)
from gateway.reputation.entry import epoch_day
from gateway.reputation.sighting import Sighting
from gateway.reputation.wide_range import wide_range


class NumberDay(msgspec.Struct, frozen=True, gc=False):
    """What one day's sightings of one number weigh together."""

    tn: TelephoneNumber
    day: int
    """Days from 1970-01-01."""
    weight: float = 1.0


def number_days(sightings: Iterable[Sighting]) -> Iterator[NumberDay]:
    """Sum the sightings up by number and day. Those of one number stand together, here and in the result."""
    for tn, each in groupby(sightings, key=lambda sighting: sighting.tn):
        days: dict[int, float] = {}
        for sighting in each:
            day = epoch_day(sighting.day)
            days[day] = days.get(day, 0.0) + sighting.weight
        for day, weight in sorted(days.items()):
            yield NumberDay(tn, day, weight)


@dataclass(frozen=True, slots=True)
class Area:
    """All evidence of one area: of the area itself, every block in it and every number seen."""

    digits: str
    length: int
    """Digits of its numbers."""
    evidence: Mapping[str, BlockEvidence]
    """By the digits that a block's numbers begin with; a number's own by all of them."""

    def around(self, tn: TelephoneNumber) -> tuple[BlockEvidence | None, ...]:
        """Return what is known at every level, from the area to the number itself."""
        return tuple(self.evidence.get(block_of(tn, level)) for level in LEVELS)

    def only(self, exchanges: Collection[str]) -> Area:
        """Return the same without the other exchanges."""
        end = self.length - Level.EXCHANGE.dropped
        kept = {
            block: each
            for block, each in self.evidence.items()
            if len(block) < end or block[:end] in exchanges
        }
        return Area(self.digits, self.length, kept)


class _Tally:
    """One block while it is being summed up."""

    __slots__ = (
        "fresh",
        "fresh_part",
        "fresh_spread",
        "lasting",
        "lasting_part",
        "lasting_spread",
        "numbers",
    )

    def __init__(self) -> None:
        self.numbers = 0
        self.fresh = self.lasting = self.fresh_spread = self.lasting_spread = 0.0
        self.fresh_part = self.lasting_part = 0.0
        """How far it counts as a part that was seen: 1 on the day of a whole sighting."""


def area_of(tn: TelephoneNumber) -> tuple[int, str]:
    """What numbers of one area have in common: their length and first digits."""
    return len(tn), block_of(tn, Level.AREA)


class AreaBuilder:
    """Takes what was seen of numbers, in the order of the numbers, and gives each area when it is whole."""

    def __init__(self, *, today: int, allocations: Allocations | None = None) -> None:
        """`today` in days from 1970-01-01: evidence is as of that day, a later one counts as today.

        `allocations` tell the ranges between area and exchange.
        """
        self._today = today
        self._allocations = allocations
        self._open: dict[int, tuple[str, dict[str, _Tally]]] = {}

    def add(self, seen: NumberDay) -> Area | None:
        """Count it in, unless it has no blocks; gives the area before when the number is of the next."""
        if not has_blocks(seen.tn):
            return None
        length, digits = area_of(seen.tn)
        known, closed = self._open.get(length), None
        if known is None or known[0] != digits:
            if known is not None:
                closed = self._closed(length, *known)
            known = self._open[length] = (digits, {})
        tally = known[1].get(seen.tn)
        if tally is None:
            tally = known[1][seen.tn] = _Tally()
            tally.numbers = 1
        # The root of what is hardly said would be many times as much.
        weight, whole = max(math.sqrt(seen.weight), 1.0), min(seen.weight, 1.0)
        days = max(self._today - seen.day, 0)
        fresh, lasting = whole * 0.5 ** (days / FRESH_DAYS), whole * 0.5 ** (days / LASTING_DAYS)
        tally.fresh += weight * fresh
        tally.lasting += weight * lasting
        tally.fresh_part = max(tally.fresh_part, fresh)
        tally.lasting_part = max(tally.lasting_part, lasting)
        return closed

    def rest(self) -> Iterator[Area]:
        """The areas that are still open; nothing may be added afterwards."""
        for length, (digits, numbers) in self._open.items():
            yield self._closed(length, digits, numbers)

    def _closed(self, length: int, digits: str, numbers: dict[str, _Tally]) -> Area:
        area = _closed(length, digits, numbers, today=self._today)
        return area if self._allocations is None else _with_ranges(area, self._allocations)


def _closed(length: int, digits: str, numbers: dict[str, _Tally], *, today: int) -> Area:
    """Sum the numbers up, level by level."""
    found, inner = dict(numbers), numbers
    for level in reversed(LEVELS[:-1]):
        end = length - level.dropped
        outer: dict[str, _Tally] = {}
        for part, tally in inner.items():
            block = outer.get(part[:end])
            if block is None:
                block = outer[part[:end]] = _Tally()
            block.numbers += tally.numbers
            block.fresh += tally.fresh
            block.lasting += tally.lasting
            block.fresh_spread += tally.fresh_part
            block.lasting_spread += tally.lasting_part
            block.fresh_part = max(block.fresh_part, tally.fresh_part)
            block.lasting_part = max(block.lasting_part, tally.lasting_part)
        found.update(outer)
        inner = outer
    evidence = {
        block: BlockEvidence(
            today, each.numbers, each.fresh, each.lasting, each.fresh_spread, each.lasting_spread
        )
        for block, each in found.items()
    }
    return Area(digits, length, evidence)


def _with_ranges(area: Area, allocations: Allocations) -> Area:
    """Put the range that each exchange was given out in beside it."""
    end = area.length - Level.EXCHANGE.dropped
    ranges: dict[str, list[tuple[str, BlockEvidence]]] = {}
    for block, evidence in area.evidence.items():
        if len(block) == end and (width := wide_range(block, allocations)) is not None:
            ranges.setdefault(block[: area.length - width], []).append((block, evidence))
    found = dict(area.evidence)
    for digits, exchanges in ranges.items():
        given_out = GivenOut(area.length - len(digits), _together([each for _, each in exchanges]))
        for block, evidence in exchanges:
            found[block] = msgspec.structs.replace(evidence, given_out=given_out)
    return Area(area.digits, area.length, found)


def _together(exchanges: Sequence[BlockEvidence]) -> BlockEvidence:
    """What was seen in a range. An exchange is one part of it, however many of its thousands were seen."""
    return BlockEvidence(
        exchanges[0].day,
        sum(each.numbers for each in exchanges),
        sum(each.fresh for each in exchanges),
        sum(each.lasting for each in exchanges),
        sum(min(each.fresh_spread, 1.0) for each in exchanges),
        sum(min(each.lasting_spread, 1.0) for each in exchanges),
    )
