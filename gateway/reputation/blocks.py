"""What sightings of neighbouring numbers say of a number: a rate for each block around it.

Callers change the number inside a block they hold or forge, so a list of exact numbers foresees few
calls. Around every number lie its ten, hundred and thousand block, its exchange (the number less its last
four digits) and its area (less its last seven); only numbers of one length are neighbours.

The rate of a block is how many fresh sightings a day's feeds are expected to bring for it. An area's is
what was seen there. A smaller block has its share of the rate of the block around it,

    rate = outer * (seen - d * min(seen, 1) + (a + d * spread) / parts) / (outer + a)

with `seen` the evidence inside it, `spread` how many of the outer block's parts have any, `parts` how many
parts there are, and `a` and `d` learnt for each level: an outer block that speaks little (rate well below
`a`), or whose evidence is spread over many parts, gives each of them nearly the same; one with much
evidence in few parts gives the rest little. It is a Pitman-Yor process (Teh 2006) written for rates in
place of shares, so that evidence anywhere never lowers a rate. Narrow blocks count only from two distinct
numbers on: one number's complaints, which may name a victim, say nothing of its nearest neighbours.

Evidence decays under two half-lives; each level weighs the two in its own proportion. Within one day a
number counts by the square root of what was said of it, where that is more than one whole sighting.
Freephone numbers are given out one by one and have parameters of their own. A range that an exchange was
given out in, where it lies between area and exchange, is a level between them with the exchange's
parameters: there is nothing to learn its own from.
Where the parameters come from is told in docs/reputation.md; nothing in the form is of one country.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import NumberKind, plan_for


class Level(StrEnum):
    """The blocks around a number, the widest first, and the number itself."""

    AREA = "area"
    EXCHANGE = "exchange"
    THOUSAND = "thousand"
    HUNDRED = "hundred"
    TEN = "ten"
    NUMBER = "number"

    @property
    def dropped(self) -> int:
        """How many last digits the block is without."""
        return _DROPPED[self]


_DROPPED: Final = dict(zip(Level, (7, 4, 3, 2, 1, 0), strict=True))
LEVELS: Final = tuple(Level)
BLOCKS: Final = LEVELS[:-1]
FEWEST_NUMBERS: Final = dict(zip(Level, (1, 1, 2, 2, 2, 1), strict=True))
"""Distinct numbers from which on a block's evidence counts."""
SHORTEST: Final = 9
"""Digits of a number that has blocks: an area of at least two."""

FRESH_DAYS: Final = 8.0
LASTING_DAYS: Final = 120.0
"""The two half-lives."""


class BlockEvidence(msgspec.Struct, frozen=True, gc=False):
    """What was seen in one block (or of one number), its weights as they stood on `day`."""

    day: int
    """Days from 1970-01-01."""
    numbers: int
    """Distinct numbers seen."""
    fresh: float
    lasting: float
    """The weight of the sightings under each half-life."""
    fresh_spread: float
    lasting_spread: float
    """Distinct parts (of the next narrower level) seen, each weighed by its latest whole sighting."""
    given_out: GivenOut | None = None
    """Of an exchange: the wider range it was given out in; None where no plan file tells one."""


class GivenOut(msgspec.Struct, frozen=True, gc=False):
    """A range between area and exchange: how many last digits it is without, and what was seen in it."""

    width: int
    evidence: BlockEvidence


@dataclass(frozen=True, slots=True)
class Step:
    """How evidence is shared out among the parts of one level."""

    strength: float
    """`a` of the formula: how much evidence makes the parts differ."""
    discount: float
    """`d`: how much of a part's first evidence speaks of its siblings instead."""


@dataclass(frozen=True, slots=True)
class Population:
    """The parameters of one kind of numbers."""

    background: float
    """The rate of an area in which nothing was seen."""
    steps: tuple[Step, ...]
    """From exchange to number."""


LASTING_SHARE: Final = (0.33, 0.94, 0.01, 0.01, 0.04, 0.08)
"""By level, from area to number: the part of the weight that decays slowly."""
_PARTS: Final = (1000, 10, 10, 10, 10)
ORDINARY: Final = Population(
    0.23, (Step(0.125, 0.23), Step(0.16, 0.83), Step(0.39, 0.92), Step(22.4, 0.64), Step(0.06, 0.5))
)
FREEPHONE: Final = Population(
    3.0, (Step(23.4, 0.77), Step(2.7, 0.92), Step(11.9, 0.9), Step(14.8, 0.67), Step(0.15, 0.27))
)


def population_of(tn: TelephoneNumber) -> Population:
    """The parameters that hold for this number."""
    plan = plan_for(tn)
    is_free = plan is not None and plan.classify(tn) is NumberKind.FREEPHONE
    return FREEPHONE if is_free else ORDINARY


def has_blocks(tn: TelephoneNumber) -> bool:
    """Whether a number has neighbours; service numbers and dialled codes have none."""
    return len(tn) >= SHORTEST and tn.isdigit()


def block_of(tn: TelephoneNumber, level: Level) -> str:
    """The digits that all numbers of the block begin with."""
    return tn[: len(tn) - _DROPPED[level]]


def rates(
    evidence: Sequence[BlockEvidence | None], population: Population, *, today: int
) -> tuple[float, ...]:
    """Return the rate of each level on the day `today`; `evidence` from the area inward, as far as wanted."""
    first = evidence[0]
    rate = population.background + (0.0 if first is None else _weight(first, 0, today))
    found = [rate]
    outer = first
    for place in range(1, len(evidence)):
        inner, step, parts = evidence[place], population.steps[place - 1], _PARTS[place - 1]
        spread = 0.0 if outer is None or outer.numbers < _FEWEST[place - 1] else _spread(outer, place, today)
        if inner is not None and inner.given_out is not None:
            wide, exchanges = inner.given_out.evidence, 10 ** (inner.given_out.width - Level.EXCHANGE.dropped)
            # The area's spread counts exchanges: they lie in so many ranges of this width at least.
            seen = _weight(wide, place, today)
            rate = _part(rate, step, seen=seen, spread=spread / exchanges, parts=parts // exchanges)
            spread, parts = _spread(wide, place, today), exchanges
        seen = 0.0 if inner is None else _weight(inner, place, today)
        rate = _part(rate, step, seen=seen, spread=spread, parts=parts)
        found.append(rate)
        outer = inner
    return tuple(found)


def _part(outer: float, step: Step, *, seen: float, spread: float, parts: int) -> float:
    kept = seen - step.discount * min(seen, 1.0)
    share = (step.strength + step.discount * spread) / parts
    return outer * (kept + share) / (outer + step.strength)


def _weight(evidence: BlockEvidence, place: int, today: int) -> float:
    if evidence.numbers < _FEWEST[place]:
        return 0.0
    lasting = LASTING_SHARE[place]
    days = max(today - evidence.day, 0)
    return float(
        (1 - lasting) * evidence.fresh * 0.5 ** (days / FRESH_DAYS)
        + lasting * evidence.lasting * 0.5 ** (days / LASTING_DAYS)
    )


def _spread(evidence: BlockEvidence, place: int, today: int) -> float:
    lasting = LASTING_SHARE[place]
    days = max(today - evidence.day, 0)
    return float(
        (1 - lasting) * evidence.fresh_spread * 0.5 ** (days / FRESH_DAYS)
        + lasting * evidence.lasting_spread * 0.5 ** (days / LASTING_DAYS)
    )


_FEWEST: Final = tuple(FEWEST_NUMBERS[level] for level in LEVELS)
_FLOOR: Final = 1e-8
"""A rate that means nothing."""


def score_of_blocks(tn: TelephoneNumber, around: Sequence[BlockEvidence | None], *, today: int) -> float:
    """The score of a number by the blocks around it (area to ten), whatever its own record says."""
    return score_of_rate(rates((*around, None), population_of(tn), today=today)[-1])


def score_of_rate(rate: float) -> float:
    """0 to 1 for the rate of one number: 1 for one fresh sighting or more, 0 below one in a hundred million.

    Logarithmic, as rates differ by powers of ten: 0.5 is a sighting for every ten thousand numbers.
    """
    return min(max(1 + math.log10(max(rate, _FLOOR)) / 8, 0.0), 1.0)
