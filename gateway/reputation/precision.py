"""How far a source is to be believed, by what became of the numbers it named.

A number that a source named first and another source names on a later day is corroborated; so is one whose
dispute an operator rejected. One that was released is contradicted. The weight of a source is

    (prior + corroborated) / (prior + corroborated + contradicted)

so a source nobody has judged weighs 1, few answers move it little, and nothing lifts it above 1. It cannot
raise itself: its own sightings corroborate nothing, and naming what others named before earns nothing. Whole
feeds are sources, and those of their reporters that have a name and were contradicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gateway.reputation.sighting import Sighting

FEED_PRIOR: Final = 100
"""Numbers of the benefit of the doubt: a feed speaks for many."""
REPORTER_PRIOR: Final = 5
LEAST_WEIGHT: Final = 0.05

SourceName = tuple[str, str]
"""Feed and reporter; the reporter is empty for the feed as a whole."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source with what became of its numbers."""

    feed: str
    reporter: str
    corroborated: int
    contradicted: int

    @property
    def weight(self) -> float:
        """Above 0 and at most 1."""
        right = self.corroborated + (REPORTER_PRIOR if self.reporter else FEED_PRIOR)
        return max(round(right / (right + self.contradicted), 4), LEAST_WEIGHT)


@dataclass(frozen=True, slots=True)
class Named:
    """One source's sightings of one number: the days of the first and the last."""

    feed: str
    reporter: str
    first: date
    last: date


def is_corroborated(named: Named, others: Iterable[Named]) -> bool:
    """Whether no other feed named the number before this source did, and one named it on a later day."""
    of_others = [other for other in others if other.feed != named.feed]
    return all(named.first <= other.first for other in of_others) and any(
        other.last > named.first for other in of_others
    )


def weight_of_sources(weights: Mapping[SourceName, float], feed: str, reporter: str) -> float:
    """What a sighting's sources leave of its weight; a source not named weighs 1."""
    weight = weights.get((feed, ""), 1.0)
    return weight * weights.get((feed, reporter), 1.0) if reporter else weight


def weigh(sightings: Iterable[Sighting], weights: Mapping[SourceName, float]) -> list[Sighting]:
    """Return the sightings, each weighing as much less as its sources do."""
    if not weights:
        return list(sightings)
    found = []
    for each in sightings:
        weight = weight_of_sources(weights, each.feed, each.reporter)
        found.append(each if weight == 1.0 else replace(each, weight=each.weight * weight))
    return found
