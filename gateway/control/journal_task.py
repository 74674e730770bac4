"""The control process's reading of the journal: every call's record, once, soon after the call."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

import structlog

from gateway import telemetry
from gateway.journal import JournalTail

READ_SECONDS: Final = 0.5
RECORDS_A_TURN: Final = 500

_log = structlog.get_logger("callmark.journal")


async def follow_journal(directory: Path) -> None:
    """Read on for ever, giving way to requests between portions; a full disk is told once and outlived."""
    tail = JournalTail(directory)
    was_reported = False
    try:
        while True:
            await asyncio.sleep(READ_SECONDS)
            try:
                await _read_on(tail)
                tail.save()
                was_reported = False
            except OSError as error:
                if not was_reported:
                    _log.warning("the journal cannot be followed", problem=str(error))
                was_reported = True
    finally:
        with contextlib.suppress(OSError):
            tail.save()


async def _read_on(tail: JournalTail) -> None:
    for count, _ in enumerate(tail.read(), start=1):
        telemetry.JOURNAL_RECORDS.inc()
        if count % RECORDS_A_TURN == 0:
            await asyncio.sleep(0)
