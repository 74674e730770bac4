"""Sightings of a number to its entry, an entry and a day to a score with its evidence.

The exact number only; its neighbours are `blocks`. Every distinct complaint adds its weight, halved every ten
days (the half-life measured best on the FTC's data, docs/reputation.md); feeds add up. The score is
w / (w + 3): one fresh complaint gives 0.25, three 0.5, twenty-seven 0.9, and none ever 1, so no single
complaint moves a score by more than a quarter. A known reporter (or a feed that names none) counts once, by
its heaviest sighting, however often it complains: one voice alone never reaches a block. Evidence is kept by
path and counts for the calls it speaks of (`path.speaks_of`). What a score leads to is the policy's
threshold, not decided here; neither an operator's decision nor a do-not-originate list is a sighting.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.reputation.entry import MOST_FEEDS, FeedEvidence, ReputationEntry, day_of, epoch_day
from gateway.reputation.path import UNKNOWN_PATH, speaks_of
from gateway.reputation.sighting import Sighting

HALF_LIFE_DAYS: Final = 10
HALF_SCORE_WEIGHT: Final = 3.0
"""The weight (fresh complaints) at which the score is one half."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One feed's part in a score, in words and figures."""

    feed: str
    complaints: int
    weight: float
    """What its complaints weigh on the day asked for."""
    first_day: date
    last_day: date
    path: str = UNKNOWN_PATH

    @property
    def detail(self) -> str:
        """A sentence for people."""
        one = self.complaints == 1
        when = (
            f"on {self.last_day}"
            if self.first_day == self.last_day
            else f"{self.first_day} to {self.last_day}"
        )
        return (
            f"{self.feed}: {self.complaints} complaint{'' if one else 's'}"
            f"{f' about calls by {self.path}' if self.path else ''}, {when}, "
            f"{'weighs' if one else 'together weigh'} {self.weight:.2f} today"
        )


def decay(days: int) -> float:
    """Return what is left of a weight of 1 after `days`; a day in the future counts as today."""
    return float(0.5 ** (max(days, 0) / HALF_LIFE_DAYS))


def summarise(sightings: Iterable[Sighting], *, today: int) -> ReputationEntry | None:
    """Return the entry of the distinct sightings of ONE number; None where none counts any more.

    `today` in days since 1970-01-01. Where more than eight feeds speak, those weighing most are kept.
    """
    by_feed: dict[tuple[str, str], list[Sighting]] = {}
    expires_day = 0
    for sighting in {each.identity: each for each in sightings}.values():
        last_counted = epoch_day(sighting.last_day_counted)
        if last_counted < today:
            continue
        expires_day = max(expires_day, last_counted)
        by_feed.setdefault((sighting.feed, sighting.path), []).append(sighting)
    if not by_feed:
        return None
    feeds = [_feed_evidence(*of, seen) for of, seen in by_feed.items()]
    feeds.sort(key=lambda each: (-each.weight * decay(today - each.last_day), each.feed, each.path))
    return ReputationEntry(tuple(feeds[:MOST_FEEDS]), expires_day)


def _feed_evidence(feed: str, path: str, seen: list[Sighting]) -> FeedEvidence:
    days = [epoch_day(each.day) for each in seen]
    last_day = max(days)
    weights: dict[str, float] = {}
    weight = 0.0
    for each, day in zip(seen, days, strict=True):
        one = each.weight * decay(last_day - day)
        if each.is_known_reporter:
            # Under one half-life for all, the heaviest today is the heaviest on every day.
            weights[each.reporter] = max(weights.get(each.reporter, 0.0), one)
        else:
            weight += one
    return FeedEvidence(feed, len(seen), weight + sum(weights.values()), min(days), last_day, path)


def score(entry: ReputationEntry | None, *, today: int, path: str | None = None) -> float:
    """0 (nothing known) to below 1, on the day `today` (days since 1970-01-01).

    `path` is the call's; without it, all evidence counts, whichever calls it speaks of.
    """
    if entry is None or entry.expires_day < today:
        return 0.0
    weight = sum(
        each.weight * decay(today - each.last_day)
        for each in entry.feeds
        if path is None or speaks_of(each.path, path)
    )
    return score_of_weight(weight)


def score_of_weight(weight: float) -> float:
    """The score of sightings that weigh so much together."""
    return round(weight / (weight + HALF_SCORE_WEIGHT), 4)


def evidence(entry: ReputationEntry | None, *, today: int, path: str | None = None) -> tuple[Evidence, ...]:
    """Why `score` says what it says, the heaviest feed first."""
    if entry is None or entry.expires_day < today:
        return ()
    found = [
        Evidence(
            each.feed,
            each.complaints,
            round(each.weight * decay(today - each.last_day), 4),
            day_of(each.first_day),
            day_of(each.last_day),
            each.path,
        )
        for each in entry.feeds
        if path is None or speaks_of(each.path, path)
    ]
    return tuple(sorted(found, key=lambda each: (-each.weight, each.feed)))
