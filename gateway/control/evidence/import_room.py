"""Whether an import will fit into Redis, asked before anything of it is taken in.

How many lines the file has is known from its first reading. Where so many numbers fit even if all are new
and lie far apart, that is the answer. Where they might not, the file is read through once more: how many
different numbers and exchanges it names, and by a sample how many of them the record has already.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import date
from io import BufferedReader
from typing import Final

from gateway.control.commands.problems import CommandError
from gateway.control.evidence.import_lines import Items
from gateway.knowledge.importers.loader import BYTES_A_NUMBER, BYTES_AN_EXCHANGE, bytes_needed
from gateway.knowledge.keys import exchange_of
from gateway.numbers.canonical import TelephoneNumber
from gateway.record.engine import Record
from gateway.record.sightings import sightings_of_each
from gateway.reputation.distinct import Distinct
from gateway.reputation.reading import Reading
from gateway.reputation.sighting import Sighting

SAMPLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Room:
    """What Redis may hold, and what of that is free, in bytes."""

    most: int
    free: int


async def check_import_room(
    record: Record, file: BufferedReader, reading: Reading, room: Room, *, name: str, lines: int
) -> None:
    """Read the file from where it stands, as far as needed; raises CommandError where it will not fit."""
    if lines * (BYTES_A_NUMBER + BYTES_AN_EXCHANGE) <= room.free:
        return
    survey = _Survey()
    items = Items(file, reading)
    while batch := await asyncio.to_thread(items.take):
        await asyncio.to_thread(survey.add, [item for _, item in batch if isinstance(item, Sighting)])
    share = await _new_share(record, survey.sample, today=reading.today)
    numbers, exchanges = survey.numbers.count(), survey.exchanges.count()
    needed = round(share * bytes_needed(numbers=numbers, exchanges=exchanges))
    if needed > room.free:
        raise CommandError(
            f"{name} names some {numbers:,} numbers, {round(share * numbers):,} of them new, which need some "
            f"{_mib(needed)} of Redis: of its {_mib(room.most)} (maxmemory) {_mib(room.free)} are free. "
            "Raise it. Nothing was taken in"
        )


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


class _Survey:
    """What a file names, in bounded memory."""

    def __init__(self) -> None:
        self.numbers = Distinct()
        self.exchanges = Distinct()
        self.sample: list[TelephoneNumber] = []
        self._seen = 0
        self._random = random.Random(1)  # noqa: S311 - a sample, no secret

    def add(self, sightings: list[Sighting]) -> None:
        for each in sightings:
            self.numbers.add(each.tn)
            self.exchanges.add(exchange_of(each.tn))
            self._seen += 1
            if len(self.sample) < SAMPLE:
                self.sample.append(each.tn)
            elif (place := self._random.randrange(self._seen)) < SAMPLE:
                self.sample[place] = each.tn


async def _new_share(record: Record, sample: list[TelephoneNumber], *, today: date) -> float:
    async with record.read() as transaction:
        found = await sightings_of_each(transaction, sample, today=today)
    return sum(not found[tn] for tn in sample) / max(len(sample), 1)
