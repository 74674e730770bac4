"""How many of a day's complaints were foreseen: the time-split evaluation behind `callmark reputation eval`.

What is known of earlier days scores every number complained about on the day, and a random sample of the
plan's well-formed numbers. For a budget (a share of the plan that may be flagged), the threshold is the
lowest score that flags at most that share of the sample; recall is the share of the day's complaints at or
above it. Three rules are set side by side: the list of exact numbers, plain counts of 1000-blocks, and the
rates of `blocks`. Numbers known to be honest may be scored beside them (`honest`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.blocks import LEVELS, Level, block_of, score_of_rate
from gateway.reputation.entry import day_of
from gateway.reputation.foresight import Foresight
from gateway.reputation.honest import Honest, HonestResult, flagged, treated
from gateway.reputation.neighbourhood import NumberDay
from gateway.reputation.score import decay, score_of_weight

BUDGETS: Final = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01)
"""Shares of the plan."""
DECIDING_BUDGET: Final = 0.002
"""The budget for which it is said which level decided."""
EXACT: Final = "exact list"
PLAIN: Final = "1000-block counts"
BLOCKS: Final = "blocks"
RULES: Final = (EXACT, PLAIN, BLOCKS)


@dataclass(frozen=True, slots=True)
class Recall:
    """One rule on one day, for each of `BUDGETS`."""

    of_all: tuple[float, ...]
    """Share of the day's complaints."""
    of_never_seen: tuple[float, ...]
    """Share of those about numbers that no earlier day had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What one day's complaints said of the days before it."""

    day: date
    gap_days: int
    """From the newest earlier day."""
    numbers_known: int
    complaints: int
    never_seen: int
    """Complaints about numbers that no earlier day had."""
    recall: Mapping[str, Recall]
    """By rule."""
    decided_by: Mapping[Level, float]
    """Share of the complaints foreseen at `DECIDING_BUDGET`, by the narrowest level that knew of them."""
    honest: HonestResult | None = None
    """None where no honest numbers were given."""


def evaluate_day(
    history: Mapping[tuple[TelephoneNumber, int], float],
    complaints: Sequence[TelephoneNumber],
    sample: Sequence[TelephoneNumber],
    *,
    day: int,
    honest: Honest | None = None,
    progress: Callable[[int], None] | None = None,
) -> DayResult:
    """Evaluate one day (days from 1970-01-01). `history` maps number and earlier day to weight.

    ValueError where there is no history, no complaint, no sample, or an empty set of honest numbers.
    `progress` hears how many of complaints, sample and honest numbers are scored.
    """
    if not history or not complaints or not sample or (honest is not None and not honest.numbers):
        raise ValueError("an evaluation needs earlier days, complaints and a sample of the plan")
    asked = [*complaints, *sample, *(() if honest is None else honest.numbers)]
    foresight = Foresight(asked, today=day)
    for (tn, seen), weight in sorted(history.items()):
        foresight.add(NumberDay(tn, seen, weight))
        if progress is not None:
            progress(foresight.done)
    foresight.finish()
    known = {tn for tn, _ in history}
    blocks: defaultdict[str, float] = defaultdict(float)
    for (tn, _), weight in history.items():
        blocks[block_of(tn, Level.THOUSAND)] += weight
    scores: dict[str, Sequence[float]] = {
        EXACT: [float(tn in known) for tn in asked],
        PLAIN: [blocks.get(block_of(tn, Level.THOUSAND), 0.0) for tn in asked],
        BLOCKS: foresight.rates,
    }
    first, end = len(complaints), len(complaints) + len(sample)
    limits = {rule: _limits(each[first:end]) for rule, each in scores.items()}
    new = [place for place, tn in enumerate(complaints) if tn not in known]
    return DayResult(
        day=day_of(day),
        gap_days=day - max(seen for _, seen in history),
        numbers_known=len(known),
        complaints=len(complaints),
        never_seen=len(new),
        recall={rule: _recall(each[:first], limits[rule], new) for rule, each in scores.items()},
        decided_by=_decided_by(
            foresight.rates[:first],
            foresight.narrowest,
            limits[BLOCKS][BUDGETS.index(DECIDING_BUDGET)],
        ),
        honest=None
        if honest is None
        else HonestResult(
            len(honest.numbers),
            {rule: flagged(each[end:], each[first:end], limits[rule]) for rule, each in scores.items()},
            treated(
                map(score_of_rate, foresight.block_rates[end:]),
                map(score_of_rate, foresight.block_rates[first:end]),
                honest.by_blocks,
            ),
            treated(
                _own_scores(history, asked[end:], day), _own_scores(history, sample, day), honest.by_number
            ),
        ),
    )


def _limits(sample: Sequence[float]) -> tuple[float, ...]:
    """For each budget the highest score not flagged: at most that share of the sample lies above it."""
    falling = sorted(sample, reverse=True)
    return tuple(falling[min(int(budget * len(falling)), len(falling) - 1)] for budget in BUDGETS)


def _recall(scores: Sequence[float], limits: Sequence[float], new: Sequence[int]) -> Recall:
    return Recall(
        tuple(sum(each > limit for each in scores) / len(scores) for limit in limits),
        tuple(sum(scores[place] > limit for place in new) / max(len(new), 1) for limit in limits),
    )


def _decided_by(scores: Sequence[float], narrowest: bytearray, limit: float) -> dict[Level, float]:
    found = Counter(narrowest[place] for place, score in enumerate(scores) if score > limit)
    above = max(found.total(), 1)
    return {level: found[place] / above for place, level in enumerate(LEVELS)}


def _own_scores(
    history: Mapping[tuple[TelephoneNumber, int], float], asked: Sequence[TelephoneNumber], day: int
) -> list[float]:
    """The scores of the numbers' own complaints on `day`, as those of reporters nobody knows."""
    weights = dict.fromkeys(asked, 0.0)
    for (tn, seen), weight in history.items():
        if tn in weights:
            weights[tn] += weight * decay(day - seen)
    return [score_of_weight(weights[tn]) for tn in asked]


def mean_recall(results: Sequence[DayResult], rule: str) -> Recall:
    """The mean over days, each counting the same."""
    of_all = zip(*(each.recall[rule].of_all for each in results), strict=True)
    of_new = zip(*(each.recall[rule].of_never_seen for each in results), strict=True)
    return Recall(
        tuple(sum(each) / len(results) for each in of_all), tuple(sum(each) / len(results) for each in of_new)
    )


def mean_decided_by(results: Sequence[DayResult]) -> dict[Level, float]:
    """The mean over days, each counting the same."""
    return {level: sum(each.decided_by[level] for each in results) / len(results) for level in LEVELS}
