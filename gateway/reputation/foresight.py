"""Rates for many numbers at once: each is looked up in the evidence of its area, area by area."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.blocks import (
    FEWEST_NUMBERS,
    LEVELS,
    BlockEvidence,
    Level,
    has_blocks,
    population_of,
    rates,
)
from gateway.reputation.neighbourhood import Area, AreaBuilder, NumberDay, area_of

NOWHERE: Final = len(LEVELS)
"""The place of a number of which nothing is known at any level."""


class Foresight:
    """The numbers asked about, and what is foreseen of each as the evidence comes in.

    Holds one area's evidence at a time and some thirty bytes for each number asked about.
    """

    def __init__(self, asked: Sequence[TelephoneNumber], *, today: int) -> None:
        """`today` in days from 1970-01-01."""
        self.rates = array("d", bytes(8 * len(asked)))
        """In the order of `asked`. Service numbers and codes have the rate 0."""
        self.block_rates = array("d", bytes(8 * len(asked)))
        """The same by the blocks around each number alone, whatever was seen of itself."""
        self.narrowest = bytearray([NOWHERE]) * len(asked)
        """The place in `LEVELS` of the narrowest level that something is known at, or NOWHERE."""
        self._asked = asked
        self._today = today
        self._builder = AreaBuilder(today=today)
        self._places: dict[tuple[int, str], array[int]] = {}
        for place, tn in enumerate(asked):
            if has_blocks(tn):
                self._places.setdefault(area_of(tn), array("Q")).append(place)
        self.done = 0
        """How many numbers have their final rate."""

    def add(self, seen: NumberDay) -> None:
        """Take in what was seen, in the order of the numbers."""
        area = self._builder.add(seen)
        if area is not None:
            self._rate(area)

    def finish(self) -> None:
        """Rate what is left, when all evidence is in."""
        for area in self._builder.rest():
            self._rate(area)
        for nowhere in self._places.values():
            population = population_of(self._asked[nowhere[0]])
            rate = rates((None,) * len(LEVELS), population, today=self._today)[-1]
            for place in nowhere:
                self.rates[place] = self.block_rates[place] = rate
        self.done = len(self._asked)

    def _rate(self, area: Area) -> None:
        places = self._places.pop((area.length, area.digits), None)
        if places is None:
            return
        # Freephone numbers differ from others in their first digits: one area is of one population.
        population = population_of(self._asked[places[0]])
        end = area.length - Level.EXCHANGE.dropped
        alone = (area.evidence[area.digits], *(None,) * (len(LEVELS) - 1))
        elsewhere = rates(alone, population, today=self._today)[-1]
        for place in places:
            tn = self._asked[place]
            if tn[:end] not in area.evidence:
                self.rates[place] = self.block_rates[place] = elsewhere
                self.narrowest[place] = 0
                continue
            around = area.around(tn)
            self.rates[place] = self.block_rates[place] = rates(around, population, today=self._today)[-1]
            if around[-1] is not None:
                unseen = (*around[:-1], None)
                self.block_rates[place] = rates(unseen, population, today=self._today)[-1]
            self.narrowest[place] = narrowest(around)
        self.done += len(places)


def narrowest(around: Sequence[BlockEvidence | None]) -> int:
    """The place of the narrowest level whose evidence counts, or NOWHERE."""
    for place in reversed(range(len(around))):
        found = around[place]
        if found is not None and found.numbers >= FEWEST_NUMBERS[LEVELS[place]]:
            return place
    return NOWHERE
