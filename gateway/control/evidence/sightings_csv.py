"""Every sighting that counts from a day on, as a csv file that `callmark reputation import` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import date

from gateway.numbers.canonical import to_e164
from gateway.record import Record
from gateway.record.sightings import every_sighting
from gateway.reputation.listings import FIELDS


async def write_sightings(record: Record, *, since: date) -> AsyncIterator[str]:
    """Yield what counts then or later, piece by piece, in the order of the numbers. Raises RecordError."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(FIELDS)
    async with record.read() as transaction:
        async for batch in every_sighting(transaction, today=since):
            for s in batch:
                out.writerow(
                    (to_e164(s.tn), s.day, s.feed, s.reporter, s.label, s.weight, s.last_day_counted, s.path)
                )
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
