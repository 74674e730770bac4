"""Explaining a number: what is known of it, what that is worth today, and what the policy makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from gateway.control.commands.problems import CommandError
from gateway.generation.generation import Generation
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.record.engine import Record
from gateway.record.sightings import sightings_of
from gateway.reputation.score import Evidence, evidence, score, summarise
from gateway.verdicts.policy import ReputationPolicy

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
    policy: ReputationPolicy | None
    """None where no generation is at hand."""


async def explain_number(
    record: Record, text: str, *, rules: DiallingRules, generation: Generation | None, now: int
) -> Explanation:
    """Explain the number written in `text`. Raises CommandError at `/tn` when it is none."""
    try:
        tn = canonical(text, rules)
    except NumberError as error:
        raise CommandError(error.problem, "/tn") from error
    today = now // SECONDS_A_DAY
    async with record.read() as transaction:
        sightings = await sightings_of(transaction, tn, today=datetime.fromtimestamp(now, UTC).date())
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
        policy=None if generation is None else generation.policy.verdict.reputation,
    )


def explanation_document(explained: Explanation) -> dict[str, object]:
    """The explanation as JSON."""
    policy = explained.policy
    return {
        "tn": to_e164(explained.tn),
        "score": explained.score,
        "evidence": [
            {"source": each.feed, "detail": each.detail, "weight": each.weight, "complaints": each.complaints}
            for each in explained.evidence
        ],
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
        },
    }
