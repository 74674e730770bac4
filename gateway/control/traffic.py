"""What the control process learns of calls from the journal: how they ended, into the record."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from gateway.journal import CallEvents, Entry
from gateway.record import Record
from gateway.record.call_events import KEPT_SECONDS, add_call_events, forget_call_events

FORGET_SECONDS: Final = 600.0


class Traffic:
    """One per control process."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._forgot_at = float("-inf")

    async def take(self, entries: Sequence[Entry]) -> None:
        """Take a portion of the journal; the same entry again changes nothing. Raises RecordError."""
        ended = [event for entry in entries if isinstance(entry, CallEvents) for event in entry.events]
        if ended:
            async with self._record.write() as transaction:
                await add_call_events(transaction, ended)
        await self._forget()

    async def _forget(self) -> None:
        if time.monotonic() - self._forgot_at < FORGET_SECONDS:
            return
        async with self._record.write() as transaction:
            await forget_call_events(transaction, before=int(time.time()) - KEPT_SECONDS)
        self._forgot_at = time.monotonic()
