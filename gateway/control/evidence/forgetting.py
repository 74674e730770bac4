"""Sightings leave the record some while after they last counted.

Until then the record can still say why a call was treated as it was, and which sightings a release let
expire. The whole table is looked through, a portion at a time: the record is never held for longer than that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.record.engine import Record
from gateway.record.sightings import Portion, forget_sightings, next_portion

KEPT_DAYS: Final = 90
"""After the last day on which a sighting counted."""
ROWS_AT_ONCE: Final = 10_000


async def forget_expired(record: Record, *, now: int) -> AsyncIterator[set[TelephoneNumber]]:
    """Remove what has not counted for `KEPT_DAYS`; yields the numbers it was of. Raises RecordError."""
    before = datetime.fromtimestamp(now, UTC).date() - timedelta(days=KEPT_DAYS)
    portion: Portion | None = Portion("", TelephoneNumber(""), before)
    while portion is not None:
        async with record.read() as transaction:
            portion = await next_portion(transaction, after=portion.until, rows=ROWS_AT_ONCE)
        if portion is not None and portion.oldest < before:
            async with record.write() as transaction:
                forgotten = await forget_sightings(transaction, portion, before=before)
            yield forgotten
