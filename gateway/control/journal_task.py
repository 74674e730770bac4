"""The control process's reading of the journal: every call's record, once, soon after the call."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from gateway import telemetry
from gateway.journal import JournalTail

READ_SECONDS: Final = 0.5
RECORDS_A_TURN: Final = 500


async def follow_journal(directory: Path) -> None:
    """Read on for ever, giving way to requests between portions."""
    tail = JournalTail(directory)
    while True:
        await asyncio.sleep(READ_SECONDS)
        for count, _ in enumerate(tail.read(), start=1):
            telemetry.JOURNAL_RECORDS.inc()
            if count % RECORDS_A_TURN == 0:
                await asyncio.sleep(0)
        tail.save()
