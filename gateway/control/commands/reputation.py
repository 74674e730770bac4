"""Explaining a number: what is known of it, what that is worth today, and what the policy makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError
from gateway.generation.generation import Generation
from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.record.engine import Record
from gateway.record.sightings import sightings_of, sightings_of_area
from gateway.record.sources import source_weights
from gateway.reputation.allocated import Allocated, allocated
from gateway.reputation.block_words import LevelFound, levels_found
from gateway.reputation.blocks import LEVELS, has_blocks, score_of_blocks
from gateway.reputation.entry import epoch_day
from gateway.reputation.neighbourhood import Area, AreaBuilder, area_of, number_days
from gateway.reputation.precision import SourceName, weigh
from gateway.reputation.score import Evidence, evidence, score, summarise
from gateway.verdicts.policy import VerdictPolicy

SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class DayOfComplaints:
    """How often one feed named the number on one day."""

    day: date
    feed: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of one number. Score 0 to 1, evidence with the heaviest feed first, newest day first."""

    tn: TelephoneNumber
    score: float
    evidence: tuple[Evidence, ...]
    days: tuple[DayOfComplaints, ...]
    levels: tuple[LevelFound, ...]
    """What is known at each level around it, from its area to itself; () for numbers without blocks."""
    neighbours: float
    """The score by its blocks alone."""
    allocated: Allocated | None
    """The range it was given out in; None where no loaded list says."""
    feed_weights: Mapping[str, float]
    """Of the feeds that speak of it: what the numbers each named make it worth."""
    policy: VerdictPolicy | None
    """None where no generation is at hand."""


async def explain_number(
    record: Record, text: str, *, rules: DiallingRules, generation: Generation | None, now: int
) -> Explanation:
    """Explain the number written in `text`. Raises CommandError at `/tn` when it is none."""
    try:
        tn = canonical(text, rules)
    except NumberError as error:
        raise CommandError(error.problem, "/tn") from error
    today, date_today = now // SECONDS_A_DAY, datetime.fromtimestamp(now, UTC).date()
    policy = None if generation is None else generation.policy.verdict
    allocations = None if policy is None else policy.allocations
    async with record.read() as transaction:
        weights = await source_weights(transaction)
        sightings = weigh(await sightings_of(transaction, tn, today=date_today), weights)
        area = None
        if has_blocks(tn):
            area = await _area(transaction, tn, weights, allocations, today=date_today)
    around = () if not has_blocks(tn) else (None,) * len(LEVELS) if area is None else area.around(tn)
    entry = summarise(sightings, today=today)
    counts: dict[tuple[date, str, str], int] = {}
    for each in sightings:
        key = (each.day, each.feed, each.label)
        counts[key] = counts.get(key, 0) + 1
    return Explanation(
        tn=tn,
        score=score(entry, today=today),
        evidence=evidence(entry, today=today),
        days=tuple(DayOfComplaints(*key, count) for key, count in counts.items()),
        levels=levels_found(tn, around, today=today),
        neighbours=score_of_blocks(tn, around[:-1], today=today) if around else 0.0,
        allocated=allocated(tn, area, policy.allocations) if policy is not None and around else None,
        feed_weights={each.feed: weights.get((each.feed, ""), 1.0) for each in sightings},
        policy=policy,
    )


async def _area(
    transaction: AsyncConnection,
    tn: TelephoneNumber,
    weights: Mapping[SourceName, float],
    allocations: Allocations | None,
    *,
    today: date,
) -> Area | None:
    length, digits = area_of(tn)
    builder = AreaBuilder(today=epoch_day(today), allocations=allocations)
    sightings = await sightings_of_area(transaction, length, digits, today=today)
    for seen in number_days(weigh(sightings, weights)):
        builder.add(seen)
    return next(builder.rest(), None)


def explanation_document(explained: Explanation) -> dict[str, object]:
    """The explanation as JSON."""
    policy = None if explained.policy is None else explained.policy.reputation
    return {
        "tn": to_e164(explained.tn),
        "score": explained.score,
        "evidence": [
            {
                "source": each.feed,
                "detail": each.detail,
                "weight": each.weight,
                "complaints": each.complaints,
                "source_weight": explained.feed_weights[each.feed],
            }
            for each in explained.evidence
        ],
        "neighbours": {
            "score": explained.neighbours,
            "levels": [
                {
                    "level": each.level.value,
                    "block": each.block,
                    "numbers": each.numbers,
                    "detail": each.detail,
                }
                for each in explained.levels
            ],
            "allocated": None if explained.allocated is None else _allocated_document(explained.allocated),
        },
        "sightings": [
            {"day": str(each.day), "feed": each.feed, "label": each.label, "count": each.count}
            for each in explained.days
        ],
        "policy": None
        if policy is None
        else {
            "effect": policy.effect_of(explained.score).value,
            "label_at": policy.label_at,
            "challenge_at": policy.challenge_at,
            "block_at": policy.block_at,
            "neighbours_effect": _neighbours_effect(explained),
        },
    }


def _allocated_document(found: Allocated) -> dict[str, object]:
    return {
        "first": to_e164(found.numbers.start),
        "last": to_e164(found.numbers.last),
        "holder": found.holder,
        "source": found.source,
        "numbers": found.seen,
        "level": None if found.level is None else found.level.value,
        "detail": found.detail,
    }


def _neighbours_effect(explained: Explanation) -> str:
    """What the policy does for the neighbours' sake to a call that is not signed with A."""
    if explained.policy is None or explained.policy.inventory.trunks(explained.tn):
        return "none"
    return explained.policy.neighbours.effect_of(explained.neighbours).value
