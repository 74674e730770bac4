"""The control process's reading of the journal: every call's record, once, soon after the call.

It is read twice, each time from a position of its own: by what is kept in memory and in the log, which goes
on while the record is away, and by what is for the record, which waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from gateway import telemetry
from gateway.control.journal.latest_calls import SEEN
from gateway.control.journal.tail import JournalTail
from gateway.journal import Entry
from gateway.journal_retention import Retention, forget_old
from gateway.record import RecordError

READ_SECONDS: Final = 0.5
FORGET_SECONDS: Final = 60.0
RECORDS_A_TURN: Final = 500

Take: TypeAlias = Callable[[Sequence[Entry]], Awaitable[None]]
"""What is done with a portion of the journal; raises RecordError where the record does not take it."""

_log = structlog.get_logger("callmark.journal")


async def see_journal(directory: Path, take: Take) -> None:
    """Show every entry for ever to what needs no record, and count them; `take` raises nothing."""
    tail, told = JournalTail(directory, reader=SEEN), 0

    async def counted(portion: Sequence[Entry]) -> None:
        telemetry.JOURNAL_RECORDS.inc(len(portion))
        await take(portion)

    def count_unreadable() -> None:
        nonlocal told
        telemetry.JOURNAL_LINES_UNREADABLE.inc(tail.unreadable - told)
        told = tail.unreadable

    await _follow(tail, counted, after_each_round=count_unreadable)


async def follow_journal(directory: Path, takes: Sequence[Take]) -> None:
    """Let the record learn of every entry for ever.

    A portion goes to each of `takes` in turn. The one whose record fails has it again until it is taken, and
    the others wait: each of them sees an entry once or, around a crash, more than once.
    """
    await _follow(JournalTail(directory), *takes)


async def _follow(
    tail: JournalTail, *takes: Take, after_each_round: Callable[[], None] = lambda: None
) -> None:
    """Read on, giving way to requests between portions; a full disk is told once and outlived."""
    was_reported = False
    while True:
        await asyncio.sleep(READ_SECONDS)
        try:
            for portion in _portions(tail.read()):
                for take in takes:
                    await _until_taken(take, portion)
                tail.save()
                await asyncio.sleep(0)
            after_each_round()
            was_reported = False
        except OSError as error:
            if not was_reported:
                _log.warning("the journal cannot be followed", problem=str(error))
            was_reported = True


async def _until_taken(take: Take, portion: Sequence[Entry]) -> None:
    was_reported = False
    while True:
        try:
            return await take(portion)
        except RecordError as error:
            if not was_reported:
                _log.warning("the journal cannot be followed", problem=str(error))
            was_reported = True
        await asyncio.sleep(READ_SECONDS)


async def keep_forgetting(directory: Path, retention: Retention) -> None:
    """Remove for ever what was kept as long as was declared."""
    while True:
        await asyncio.to_thread(forget_old, directory, retention, now=time.time())
        await asyncio.sleep(FORGET_SECONDS)


def _portions(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while portion := list(islice(entries, RECORDS_A_TURN)):
        yield portion
