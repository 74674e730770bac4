"""Whether an import will fit into Redis, asked before anything of it is taken in.

How many lines the file has is known from its first reading. Where so many numbers fit even if all are new
and lie far apart, that is the answer. Where they might not, it is counted while the file is read how many
different numbers and exchanges it names, and found by a sample how many of them the record has already.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from typing import Final

from gateway.control.commands.problems import CommandError
from gateway.knowledge.importers.room import Room, bytes_needed
from gateway.knowledge.keys import exchange_of
from gateway.numbers.canonical import TelephoneNumber
from gateway.record.engine import Record
from gateway.record.sightings import SightingRow, sightings_of_each
from gateway.reputation.distinct import Distinct

SAMPLE: Final = 1_000


class Survey:
    """What a file names, in bounded memory."""

    def __init__(self) -> None:
        self._numbers = Distinct()
        self._exchanges = Distinct()
        self._sample: list[TelephoneNumber] = []
        self._seen = 0
        self._random = random.Random(1)  # noqa: S311 - a sample, no secret

    def add(self, rows: Iterable[SightingRow]) -> None:
        """Count them in."""
        for tn in (TelephoneNumber(row.tn) for row in rows):
            self._numbers.add(tn)
            self._exchanges.add(exchange_of(tn))
            self._seen += 1
            if len(self._sample) < SAMPLE:
                self._sample.append(tn)
            elif (place := self._random.randrange(self._seen)) < SAMPLE:
                self._sample[place] = tn

    async def check_room(self, record: Record, room: Room, *, name: str, today: date) -> None:
        """Raise CommandError where it will not fit."""
        async with record.read() as transaction:
            found = await sightings_of_each(transaction, self._sample, today=today)
        share = sum(not found[tn] for tn in self._sample) / max(len(self._sample), 1)
        numbers, exchanges = self._numbers.count(), self._exchanges.count()
        needed = round(share * bytes_needed(numbers=numbers, exchanges=exchanges))
        if needed > room.free:
            raise CommandError(
                f"{name} names some {numbers:,} numbers, {round(share * numbers):,} of them new, which need "
                f"some {_mib(needed)} of Redis: of its {_mib(room.most)} (maxmemory) {_mib(room.free)} are "
                "free. Raise it ([redis] embedded_megabytes, where it is the node's own). Nothing was taken "
                "in"
            )


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
