"""Whether a file names so many numbers that it says nothing of any: a list of half the plan is a mistake.

What is counted is an area, the widest block that evidence speaks of (a number less its last seven digits), so
that it holds in every country. Of the FTC's complaints of 2025 no area code has one number in a thousand.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final

from gateway.control.commands.problems import CommandError
from gateway.control.evidence.import_spool import Spool
from gateway.record.sightings import SightingRow
from gateway.reputation.blocks import Level

AREA_NUMBERS: Final = 10**Level.AREA.dropped
MOST_OF_AN_AREA: Final = AREA_NUMBERS // 20
"""Numbers of one area that one file may name. Ten million, picked blindly among the mobile numbers of
a country of sixty million people, are a fifth of it."""


class AreaLines:
    """How many lines speak of each area."""

    def __init__(self) -> None:
        self._lines: Counter[str] = Counter()

    def add(self, rows: Iterable[SightingRow]) -> None:
        """Count them in."""
        self._lines.update([row.tn[: -Level.AREA.dropped] for row in rows])

    async def refuse_flood(self, spool: Spool, *, name: str) -> None:
        """Raise CommandError where the spooled lines name more numbers of an area than a file may."""
        for digits, lines in self._lines.most_common():
            if lines <= MOST_OF_AN_AREA:
                return
            first, last = (digits + end * Level.AREA.dropped for end in "09")
            if (numbers := await asyncio.to_thread(spool.count_numbers, first, last)) > MOST_OF_AN_AREA:
                raise CommandError(
                    f"{name} names {numbers:,} of the {AREA_NUMBERS:,} numbers that begin with +{digits}: "
                    "more than one in twenty is no list of bad numbers. --accept-flood takes it all the "
                    "same. Nothing was taken in"
                )
