"""Imports by the control process: a request read, a file taken in beside everything else, Redis after it."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Final

from gateway.control.commands.documents import optional_text, read_members, read_text
from gateway.control.commands.problems import CommandError
from gateway.control.evidence.importing import ImportReport, ImportRequest, import_file
from gateway.control.jobs import Job, JobStopped, Work
from gateway.control.state import ControlState
from gateway.knowledge.importers.loader import LoadError
from gateway.record import RecordError
from gateway.reputation.reading import FORMATS

IMPORT_JOB: Final = "import"
_MEMBERS: Final[Collection[str]] = ("path", "format")


def parse_import_request(document: object) -> ImportRequest:
    """Read `{"path", "format", "feed"?, "day"?, "accept_flood"?}`; the path as this machine knows it.

    Raises CommandError.
    """
    members = read_members(document, required=_MEMBERS, optional=("feed", "day", "accept_flood"))
    path = Path(read_text(members, "path"))
    if not path.is_absolute() or "\x00" in str(path):
        raise CommandError("must be an absolute path on the machine of the node", "/path")
    format_ = read_text(members, "format")
    if format_ not in FORMATS:
        raise CommandError(f"{format_[:40]!r} is not a format; they are {', '.join(FORMATS)}", "/format")
    day, accept_flood = optional_text(members, "day"), members.get("accept_flood", False)
    if not isinstance(accept_flood, bool):
        raise CommandError("must be true or false", "/accept_flood")
    return ImportRequest(
        path=path,
        format=format_,
        feed=optional_text(members, "feed") or format_,
        day=None if day is None else _day(day),
        accept_flood=accept_flood,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("must be a day, such as 2027-01-31", "/day") from None


def import_work(state: ControlState, request: ImportRequest, *, actor: str) -> Work:
    """The job that takes a file in."""

    async def work(job: Job) -> None:
        def heard(so_far: ImportReport) -> None:
            job.step, job.result = so_far.step, report_document(so_far)
            job.advance(so_far.done, so_far.total)

        try:
            report = await import_file(
                state.record,
                request,
                actor=actor,
                now=int(time.time()),
                room=await state.evidence.room(),
                progress=heard,
            )
        except (JobStopped, RecordError):
            # What was taken until then is in the record, and counts.
            state.evidence.is_behind()
            raise
        job.step, job.result = "Redis", report_document(report)
        job.result = {**report_document(report), "redis": await _into_redis(state, job, report)}

    return work


async def _into_redis(state: ControlState, job: Job, report: ImportReport) -> str:
    total = 0 if report.touched is None else len(report.touched)
    try:
        written = await state.evidence.take_over(report, progress=lambda done: job.advance(done, total))
    except LoadError as error:
        return f"The record has it, Redis does not yet: {error}. The node brings it there when Redis answers."
    return words_of_written(written)


def words_of_written(numbers: int) -> str:
    """Say what was brought to Redis."""
    return f"{numbers} number{' is' if numbers == 1 else 's are'} up to date in Redis."


def report_document(report: ImportReport) -> dict[str, object]:
    """What became of a file's lines, so far or in the end, as JSON."""
    return {
        "feed": report.feed,
        "taken": report.taken,
        "merged": report.merged,
        "refused": report.refused,
        "taken_before": report.taken_before,
        "newest_day": None if report.newest_day is None else str(report.newest_day),
        "problems": [{"line": each.line, "problem": each.problem} for each in report.problems],
    }
