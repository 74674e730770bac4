"""A file of sightings into the record: restartable, idempotent, in bounded memory.

The file is read once for its hash, by which the record knows how far an earlier attempt came, and once
for its lines. A batch's sightings and the progress that counts them are one transaction; a file that
cannot be read at all is refused before anything is written. Reading a finished file again merges every
line and changes nothing. What it changes in Redis is `reputation_cache`'s part, afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from io import BufferedReader
from pathlib import Path
from typing import Final

from gateway.control.commands.feeds import refuse_paused
from gateway.control.commands.problems import CommandError
from gateway.control.evidence.import_lines import Items
from gateway.control.evidence.import_room import Room, check_import_room
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.imports import Import, advance_import, begin_import, finish_import
from gateway.record.sightings import SightingCounts, add_sightings
from gateway.reputation.reading import Format, Reading, day_of_name
from gateway.reputation.sighting import LineProblem, Sighting

MOST_PROBLEMS: Final = 20
"""Refused lines that a report quotes; all are counted."""
_PIECE_BYTES: Final = 1 << 20
MOST_TOUCHED: Final = 100_000
"""Numbers remembered for the cache; past that, all of it is brought up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Which file, and how it is to be read."""

    path: Path
    format: Format
    feed: str
    day: date | None = None
    """The day of lines that name none; without it the one in the file's name."""
    rules: DiallingRules = field(default_factory=DiallingRules)


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of a file's lines."""

    feed: str
    taken: int = 0
    merged: int = 0
    """Lines whose sighting was there already."""
    refused: int = 0
    lines: int = 0
    bytes_read: int = 0
    size: int = 0
    """Bytes of the file."""
    resumed_after_line: int = 0
    newest_day: date | None = None
    problems: list[LineProblem] = field(default_factory=list)
    """The first refused lines."""
    touched: set[TelephoneNumber] | None = field(default_factory=set)
    """The numbers the file names; None where they are too many to remember."""


async def import_file(
    record: Record,
    request: ImportRequest,
    *,
    actor: str,
    now: int,
    room: Room | None = None,
    progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Read the file into the record; `progress` hears what became of it so far, after each transaction.

    `room` is what Redis has; None where that is not known or has no bound. Raises CommandError when the file
    cannot be opened, nothing of it can be read, it will not fit, or its feed is paused, and then changes
    nothing; RecordError as the record does.
    """
    await refuse_paused(record, request.feed)
    try:
        reading = Reading(
            format=request.format,
            feed=request.feed,
            today=datetime.fromtimestamp(now, UTC).date(),
            day=request.day or day_of_name(request.path.name),
            rules=request.rules,
        )
        with request.path.open("rb") as file:
            return await _import(record, file, reading, actor=actor, now=now, room=room, progress=progress)
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{request.path} cannot be read: {error.strerror or error}") from error


async def _import(
    record: Record,
    file: BufferedReader,
    reading: Reading,
    *,
    actor: str,
    now: int,
    room: Room | None,
    progress: Callable[[ImportReport], None] | None,
) -> ImportReport:
    name = Path(file.name).name
    digest, line_ends = await asyncio.to_thread(_look_over, file)
    size = file.tell()
    if room is not None:
        file.seek(0)
        await check_import_room(record, file, reading, room, name=name, lines=line_ends + 1)
    file.seek(0)
    items = Items(file, reading)
    batch = await asyncio.to_thread(items.take)
    if batch and isinstance(batch[0][1], LineProblem) and batch[0][1].whole_file:
        raise CommandError(f"{name}, line {batch[0][1].line}: {batch[0][1].problem}")
    async with record.write() as transaction:
        known = await begin_import(
            transaction, feed=reading.feed, file_sha256=digest, file_name=name, now=now
        )
    again = known.finished_at is not None
    done = 0 if again else known.lines_done
    report = ImportReport(feed=reading.feed, resumed_after_line=done, size=size)
    while batch:
        await _add(record, batch, known, done=done, again=again, report=report)
        report.bytes_read = items.lines.bytes_read
        if progress is not None:
            progress(report)
        batch = await asyncio.to_thread(items.take)
    report.lines = items.lines.count
    async with record.write() as transaction:
        if not again:
            known = await finish_import(transaction, known.id, now=now)
            report.taken, report.merged, report.refused = known.taken, known.merged, known.refused
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="reputation.import",
            subject=f"import:{known.id}",
            detail={
                "feed": reading.feed,
                "file": name,
                "sha256": digest,
                "taken": report.taken,
                "merged": report.merged,
                "refused": report.refused,
            },
        )
    return report


async def _add(
    record: Record,
    batch: list[tuple[int, Sighting | LineProblem]],
    known: Import,
    *,
    done: int,
    again: bool,
    report: ImportReport,
) -> None:
    new = [(line, item) for line, item in batch if line > done]
    sightings = [item for _, item in new if isinstance(item, Sighting)]
    refused = len(new) - len(sightings)
    counts = SightingCounts(inserted=0, merged=0)
    if new:
        async with record.write() as transaction:
            counts = await add_sightings(transaction, sightings, import_id=known.id)
            if not again:
                await advance_import(
                    transaction, known.id, lines_done=new[-1][0], counts=counts, refused=refused
                )
    report.taken += counts.inserted
    report.merged += counts.merged
    report.refused += refused
    for _, item in batch:
        if isinstance(item, LineProblem):
            if len(report.problems) < MOST_PROBLEMS:
                report.problems.append(item)
        else:
            # Lines of an attempt that was broken off count too: it may never have reached Redis.
            if report.newest_day is None or item.day > report.newest_day:
                report.newest_day = item.day
            if report.touched is not None:
                report.touched.add(item.tn)
                if len(report.touched) > MOST_TOUCHED:
                    report.touched = None


def _look_over(file: BufferedReader) -> tuple[str, int]:
    """The file's hash, and how many line ends it has."""
    digest, line_ends = hashlib.sha256(), 0
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        line_ends += piece.count(b"\n")
    return digest.hexdigest(), line_ends
