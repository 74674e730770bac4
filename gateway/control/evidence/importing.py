"""A file of sightings into the record: restartable, idempotent, in bounded memory.

The file is read once for its hash, by which the record knows an earlier attempt, and once for its lines,
which are spooled: what cannot be read at all, floods an area or will not fit is refused before anything is
written. Then the spool goes into the record in the order of the numbers. A batch of sightings and the count
of those taken are one transaction. Reading a finished file again merges every line and changes nothing. What
it changes in Redis is `reputation_cache`'s part, afterwards.
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
from gateway.control.evidence.import_flood import AreaLines
from gateway.control.evidence.import_lines import Items
from gateway.control.evidence.import_room import Survey
from gateway.control.evidence.import_spool import Spool
from gateway.knowledge.importers.room import Room
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.imports import Import, advance_import, begin_import, finish_import
from gateway.record.sightings import SightingRow, add_rows, row_of
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
    accept_flood: bool = False
    """Whether it may name more of an area than a list of bad numbers would."""


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of a file's lines."""

    feed: str
    taken: int = 0
    merged: int = 0
    """Lines whose sighting was there already."""
    refused: int = 0
    lines: int = 0
    taken_before: int = 0
    """Of those taken, how many an attempt took that was broken off."""
    newest_day: date | None = None
    problems: list[LineProblem] = field(default_factory=list)
    """The first refused lines."""
    touched: set[TelephoneNumber] | None = field(default_factory=set)
    """The numbers the file names; None where they are too many to remember."""
    step: str = ""
    """What it is at."""
    done: int = 0
    total: int = 0
    """Of this step: bytes read, then sightings recorded."""


Progress = Callable[[ImportReport], None]


async def import_file(
    record: Record,
    request: ImportRequest,
    *,
    actor: str,
    now: int,
    room: Room | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Read the file into the record; `progress` hears what became of it so far, between two portions of work.

    `room` is what Redis has; None where that is not known or has no bound. Raises CommandError when the file
    cannot be opened, nothing of it can be read, it floods an area, it will not fit, or its feed is paused,
    and then changes nothing; RecordError as the record does.
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
        with request.path.open("rb") as file, Spool() as spool:
            digest, line_ends = await asyncio.to_thread(_look_over, file)
            report = ImportReport(feed=reading.feed, step=request.path.name, total=file.tell())
            file.seek(0)
            survey = None if room is None or room.surely_holds(line_ends + 1) else Survey()
            areas = AreaLines()
            tell = progress or _nobody_listens
            sightings = await _read(file, reading, spool, areas, survey, report=report, progress=tell)
            _refuse_what_is_none(report, sightings, name=request.path.name)
            if not request.accept_flood:
                await areas.refuse_flood(spool, name=request.path.name)
            if survey is not None and room is not None:
                await survey.check_room(record, room, name=request.path.name, today=reading.today)
            async with record.write() as transaction:
                known = await begin_import(
                    transaction,
                    feed=reading.feed,
                    file_sha256=digest,
                    file_name=request.path.name,
                    now=now,
                )
            report.total = sightings
            await _record(record, spool, known, report=report, progress=tell)
    except ValueError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{request.path} cannot be read: {error.strerror or error}") from error
    await _finish(record, known, report, actor=actor, now=now)
    return report


async def _read(
    file: BufferedReader,
    reading: Reading,
    spool: Spool,
    areas: AreaLines,
    survey: Survey | None,
    *,
    report: ImportReport,
    progress: Progress,
) -> int:
    """Spool what the lines say, and count; how many sightings they name."""
    items, sightings = Items(file, reading), 0

    def portion() -> int | None:
        batch = items.take()
        rows = [row_of(item) for _, item in batch if isinstance(item, Sighting)]
        for _, item in batch:
            if isinstance(item, LineProblem):
                _note_problem(item, report, name=Path(file.name).name)
            elif report.newest_day is None or item.day > report.newest_day:
                report.newest_day = item.day
        spool.add(rows)
        areas.add(rows)
        if survey is not None:
            survey.add(rows)
        return len(rows) if batch else None

    while (rows := await asyncio.to_thread(portion)) is not None:
        sightings += rows
        report.lines, report.done = items.lines.count, items.lines.bytes_read
        progress(report)
    return sightings


def _refuse_what_is_none(report: ImportReport, sightings: int, *, name: str) -> None:
    if report.refused and not sightings:
        first = report.problems[0]
        raise CommandError(
            f"{name}: not one of its {report.refused:,} lines can be read. Line {first.line}: {first.problem}"
        )


def _note_problem(problem: LineProblem, report: ImportReport, *, name: str) -> None:
    if problem.whole_file:
        raise CommandError(f"{name}, line {problem.line}: {problem.problem}")
    report.refused += 1
    if len(report.problems) < MOST_PROBLEMS:
        report.problems.append(problem)


async def _record(
    record: Record, spool: Spool, known: Import, *, report: ImportReport, progress: Progress
) -> None:
    """Write the spool into the record, counting what is new."""
    unfinished = known.finished_at is None
    report.step, report.done = "the record", 0
    progress(report)  # putting millions of lines into order takes a while before the first is written
    report.taken = report.taken_before = known.taken if unfinished else 0
    while rows := await asyncio.to_thread(spool.take):
        async with record.write() as transaction:
            counts = await add_rows(transaction, rows, import_id=known.id)
            if unfinished:
                await advance_import(transaction, known.id, taken=counts.inserted)
        report.done += len(rows)
        report.taken += counts.inserted
        report.merged = max(report.done - report.taken, 0)
        _touch(report, rows)
        progress(report)


def _touch(report: ImportReport, rows: list[SightingRow]) -> None:
    # What an attempt took that was broken off counts too: it may never have reached Redis.
    if report.touched is not None:
        report.touched.update(TelephoneNumber(row.tn) for row in rows)
        if len(report.touched) > MOST_TOUCHED:
            report.touched = None


async def _finish(record: Record, known: Import, report: ImportReport, *, actor: str, now: int) -> None:
    async with record.write() as transaction:
        if known.finished_at is None:
            await finish_import(
                transaction,
                known.id,
                lines=report.lines,
                sightings=report.done,
                refused=report.refused,
                now=now,
            )
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="reputation.import",
            subject=f"import:{known.id}",
            detail={
                "feed": report.feed,
                "file": known.file_name,
                "sha256": known.file_sha256,
                "taken": report.taken,
                "merged": report.merged,
                "refused": report.refused,
            },
        )


def _nobody_listens(_: ImportReport) -> None:
    """Progress that nobody asked for."""


def _look_over(file: BufferedReader) -> tuple[str, int]:
    """The file's hash, and how many line ends it has."""
    digest, line_ends = hashlib.sha256(), 0
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        line_ends += piece.count(b"\n")
    return digest.hexdigest(), line_ends
