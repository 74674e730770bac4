"""What is known of a number's blocks, in words, level by level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.reputation.blocks import (
    FEWEST_NUMBERS,
    LEVELS,
    BlockEvidence,
    Level,
    block_of,
    population_of,
    rates,
    score_of_rate,
)

_MOST_NAMED: Final = 2


@dataclass(frozen=True, slots=True)
class LevelFound:
    """What one level says of a number."""

    level: Level
    block: str
    """The digits its numbers begin with, and an ellipsis."""
    numbers: int
    """Distinct numbers seen; 0 where none was, or too few to count."""
    score: float
    """What a number of this block would score by this level and the wider ones."""

    @property
    def detail(self) -> str:
        """A sentence for people."""
        named = f"{self.level} {self.block}"
        if self.level is Level.NUMBER:
            return f"{named}: {'seen itself' if self.numbers else 'not seen itself'}; score {self.score:.2f}"
        if not self.numbers:
            seen = "nothing" if FEWEST_NUMBERS[self.level] == 1 else "fewer than two numbers"
            return f"{named}: {seen} seen; score {self.score:.2f}"
        return f"{named}: {_numbers(self.numbers)} seen; score {self.score:.2f}"


def levels_found(
    tn: TelephoneNumber, around: Sequence[BlockEvidence | None], *, today: int
) -> tuple[LevelFound, ...]:
    """Return every level from the area inward, each with the score of an unseen number of that block."""
    found = []
    for place, level in enumerate(LEVELS[: len(around)]):
        inward = (*around[: place + 1], *(None,) * (len(LEVELS) - place - 1))
        rate = rates(inward, population_of(tn), today=today)[-1]
        evidence = around[place]
        counts = evidence is not None and evidence.numbers >= FEWEST_NUMBERS[level]
        block = to_e164(tn) if level is Level.NUMBER else f"+{block_of(tn, level)}…"
        numbers = evidence.numbers if evidence is not None and counts else 0
        found.append(LevelFound(level, block, numbers, score_of_rate(rate)))
    return tuple(found)


def words_of_blocks(around: Sequence[BlockEvidence | None]) -> str:
    """Name the narrowest blocks that count: `3 numbers seen in its ten, 14 in its thousand`."""
    told = [
        (level, evidence.numbers)
        for level, evidence in zip(LEVELS, around, strict=False)
        if evidence is not None and evidence.numbers >= FEWEST_NUMBERS[level]
    ]
    narrow = told[-_MOST_NAMED:][::-1]
    return ", ".join(
        f"{_numbers(count)} seen in its {level}" if place == 0 else f"{count} in its {level}"
        for place, (level, count) in enumerate(narrow)
    )


def _numbers(count: int) -> str:
    return f"{count} number{'' if count == 1 else 's'}"
