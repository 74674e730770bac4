"""Honest numbers beside random ones: how often each is flagged, and treated as a policy has it.

Chance is what befalls a random well-formed number of the plan. A share of few numbers says little, so it is
above chance only where the lower end of what it may be (`traffic.at_least`, 95 %) is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.traffic import at_least

NO_EFFECT: Final = "none"


@dataclass(frozen=True, slots=True)
class Honest:
    """Different numbers that are known to be honest, and what a policy does for a score from 0 to 1."""

    numbers: Sequence[TelephoneNumber]
    by_blocks: Callable[[float], str]
    """The name of the effect for the score of the blocks around a number; `NO_EFFECT` is none."""
    by_number: Callable[[float], str]
    """The same for the score of the number's own complaints."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A share of the honest numbers and the same of the random ones."""

    honest: float
    random: float

    def is_chance(self, numbers: int) -> bool:
        """Whether so many honest numbers do not show that they are met more often than random ones."""
        return self.honest <= self.random or at_least(round(self.honest * numbers), numbers) <= self.random

    def words(self, numbers: int) -> str:
        """How `numbers` honest ones compare with chance, for people."""
        if self.honest <= self.random:
            return "no more often than chance"
        times = f"{self.honest / self.random:.1f} times" if self.random else "of the random ones none"
        if self.is_chance(numbers):
            return f"{times}, which {numbers:,} numbers cannot tell from chance"
        return f"more often than chance: {times}"


@dataclass(frozen=True, slots=True)
class HonestResult:
    """What befalls the honest numbers, on one day or in the mean of several."""

    numbers: int
    flagged: Mapping[str, tuple[Beside, ...]]
    """By rule, at each budget."""
    by_blocks: Mapping[str, Beside]
    """By effect of the policy: for the blocks around the number alone."""
    by_number: Mapping[str, Beside]
    """By effect of the policy: for the number's own complaints alone."""


def flagged(honest: Sequence[float], random: Sequence[float], limits: Sequence[float]) -> tuple[Beside, ...]:
    """Return the shares of the scores above each limit."""
    return tuple(Beside(_share_above(honest, limit), _share_above(random, limit)) for limit in limits)


def _share_above(scores: Sequence[float], limit: float) -> float:
    return sum(each > limit for each in scores) / len(scores)


def treated(
    honest: Iterable[float], random: Iterable[float], effect_of: Callable[[float], str]
) -> dict[str, Beside]:
    """Return the shares of the scores that have each effect."""
    ours, theirs = _effects(honest, effect_of), _effects(random, effect_of)
    return {
        effect: Beside(ours.get(effect, 0.0), theirs.get(effect, 0.0))
        for effect in sorted({*ours, *theirs} - {NO_EFFECT})
    }


def _effects(scores: Iterable[float], effect_of: Callable[[float], str]) -> dict[str, float]:
    # Of a million random numbers most share their score with others.
    found: Counter[str] = Counter()
    for score, count in Counter(scores).items():
        found[effect_of(score)] += count
    return {effect: count / found.total() for effect, count in found.items()}


def mean_honest(results: Sequence[HonestResult]) -> HonestResult:
    """The mean over days. The same numbers are asked about each day, so they count once as numbers."""
    rules = results[0].flagged
    return HonestResult(
        results[0].numbers,
        {
            rule: tuple(_mean(each) for each in zip(*(day.flagged[rule] for day in results), strict=True))
            for rule in rules
        },
        _mean_effects([each.by_blocks for each in results]),
        _mean_effects([each.by_number for each in results]),
    )


def _mean_effects(days: Sequence[Mapping[str, Beside]]) -> dict[str, Beside]:
    nothing = Beside(0.0, 0.0)
    return {
        effect: _mean([day.get(effect, nothing) for day in days])
        for effect in sorted({effect for day in days for effect in day})
    }


def _mean(shares: Sequence[Beside]) -> Beside:
    return Beside(
        sum(each.honest for each in shares) / len(shares), sum(each.random for each in shares) / len(shares)
    )
