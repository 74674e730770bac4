"""The control process's reading of the journal: every call's record, once, soon after the call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from gateway import telemetry
from gateway.journal import Entry, JournalTail
from gateway.journal_retention import Retention, forget_old
from gateway.record import RecordError

READ_SECONDS: Final = 0.5
FORGET_SECONDS: Final = 60.0
RECORDS_A_TURN: Final = 500

Take: TypeAlias = Callable[[Sequence[Entry]], Awaitable[None]]
"""What is done with a portion of the journal; raises RecordError where the record does not take it."""

_log = structlog.get_logger("callmark.journal")


async def follow_journal(directory: Path, take: Take) -> None:
    """Read on for ever, giving way to requests between portions; a full disk is told once and outlived.

    What the record did not take is read again: `take` sees an entry once or, around a failure or a crash,
    more than once.
    """
    tail = JournalTail(directory)
    was_reported, told = False, 0
    while True:
        await asyncio.sleep(READ_SECONDS)
        try:
            for portion in _portions(tail.read()):
                telemetry.JOURNAL_RECORDS.inc(len(portion))
                unreadable = tail.unreadable - told
                telemetry.JOURNAL_LINES_UNREADABLE.inc(unreadable)
                told += unreadable
                await take(portion)
                tail.save()
                await asyncio.sleep(0)
            was_reported = False
        except (OSError, RecordError) as error:
            if not was_reported:
                _log.warning("the journal cannot be followed", problem=str(error))
            was_reported = True
            if isinstance(error, RecordError):
                tail, told = JournalTail(directory), 0


async def keep_forgetting(directory: Path, retention: Retention) -> None:
    """Remove for ever what was kept as long as was declared."""
    while True:
        await asyncio.to_thread(forget_old, directory, retention, now=time.time())
        await asyncio.sleep(FORGET_SECONDS)


def _portions(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while portion := list(islice(entries, RECORDS_A_TURN)):
        yield portion
