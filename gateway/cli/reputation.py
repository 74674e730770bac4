"""`callmark reputation`: files of sightings in and out, and why a number is worth what it is."""

from __future__ import annotations

import asyncio
import csv
import getpass
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.administration import data_directory_option, json_option, show_json
from gateway.control.commands.problems import CommandError
from gateway.control.importing import ImportReport, ImportRequest, import_file
from gateway.control.reputation_cache import cache_import
from gateway.knowledge.connect import FOR_LOADING, RedisUrlError, connect
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.numbers.canonical import DiallingRules, NumberError, canonical, to_e164
from gateway.record import Record, RecordBusyError, RecordError, RecordLock, open_record, record_path
from gateway.record.sightings import every_sighting, sightings_of
from gateway.reputation.listings import FIELDS
from gateway.reputation.reading import FORMATS, Format
from gateway.reputation.score import HALF_LIFE_DAYS, decay, evidence, score, summarise
from gateway.reputation.sighting import Sighting

T = TypeVar("T")


@click.group()
def reputation() -> None:
    """Import, export and explain what is known of numbers.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


@reputation.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format", "format_", required=True, type=click.Choice(FORMATS), help="How the file is written."
)
@click.option("--feed", help="Whose file it is, such as ftc-dnc; the format's name without it.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day of lines that name none; without it the day in the file's name.",
)
@click.option(
    "--redis",
    "redis_url",
    envvar="CALLMARK_REDIS__URL",
    default="embedded",
    help="As [redis] url of the node.",
)
@data_directory_option
@json_option
def import_(
    *,
    file: Path,
    format_: Format,
    feed: str | None,
    day: datetime | None,
    redis_url: str,
    data_directory: Path,
    as_json: bool,
) -> None:
    """Read FILE into the record, then bring its numbers up to date in Redis.

    A file read before changes nothing; one that was broken off goes on where it stopped.

    ftc-dnc is the FTC's daily file, or its single column Company_Phone_Number. csv has a header and jsonl
    an object a line with tn and, if wanted, day, feed, reporter, label, confidence, expires.
    """
    request = ImportRequest(
        path=file, format=format_, feed=feed or format_, day=None if day is None else day.date()
    )

    size = file.stat().st_size

    async def work(record: Record, now: int) -> tuple[ImportReport, str]:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=as_json,
        ) as bar:
            task = bar.add_task(file.name, total=size)
            report = await import_file(
                record,
                request,
                actor=f"cli:{getpass.getuser()}",
                now=now,
                progress=lambda done, _size: bar.update(task, completed=done),
            )
            bar.update(task, description="Redis")
            return report, await _cache(record, report, redis_url, now)

    report, cached = _with_record(data_directory, work, makes=True)
    if as_json:
        show_json(_report_document(report, cached))
        return
    again = f", going on after line {report.resumed_after_line}" if report.resumed_after_line else ""
    click.echo(
        f"{file.name}: {report.taken} taken, {report.merged} merged (known already), "
        f"{report.refused} refused{again}."
    )
    for problem in report.problems:
        click.echo(f"  line {problem.line}: {problem.problem}")
    if report.refused > len(report.problems):
        click.echo(f"  and {report.refused - len(report.problems)} more")
    click.echo(cached)
    if report.newest_day is not None:
        age = (datetime.now(UTC).date() - report.newest_day).days
        if age > 3 * HALF_LIFE_DAYS:
            click.echo(
                f"Its newest day is {report.newest_day}, {age} days ago: a complaint of that day weighs "
                f"{decay(age):.3f} of a fresh one (half-life {HALF_LIFE_DAYS} days)."
            )


@reputation.command()
@click.argument("number")
@data_directory_option
@json_option
def show(*, number: str, data_directory: Path, as_json: bool) -> None:
    """Explain what NUMBER is worth today: its sightings by day and feed, their weight, the score."""
    try:
        tn = canonical(number, DiallingRules())
    except NumberError as error:
        raise click.ClickException(f"{number}: {error.problem}") from error

    async def work(record: Record, now: int) -> tuple[tuple[Sighting, ...], int]:
        async with record.read() as transaction:
            found = await sightings_of(transaction, tn, today=datetime.fromtimestamp(now, UTC).date())
        return found, now // 86_400

    sightings, today = _with_record(data_directory, work, makes=False)
    entry = summarise(sightings, today=today)
    days: dict[tuple[str, str, str], int] = {}
    for each in sightings:
        key = (str(each.day), each.feed, each.label)
        days[key] = days.get(key, 0) + 1
    if as_json:
        show_json(
            {
                "tn": to_e164(tn),
                "score": score(entry, today=today),
                "evidence": [
                    {"source": e.feed, "detail": e.detail, "weight": e.weight, "complaints": e.complaints}
                    for e in evidence(entry, today=today)
                ],
                "sightings": [
                    {"day": day, "feed": feed, "label": label, "count": count}
                    for (day, feed, label), count in days.items()
                ],
            }
        )
        return
    click.echo(f"{to_e164(tn)}: score {score(entry, today=today):.2f} of 1")
    if entry is None:
        click.echo("  nothing is known of it")
        return
    for part in evidence(entry, today=today):
        click.echo(f"  {part.detail}")
    click.echo(f"  (a complaint's weight halves every {HALF_LIFE_DAYS} days; w / (w + 3) is the score)")
    for (day, feed, label), count in days.items():
        click.echo(f"  {day}  {feed}  {count:>5}  {label}".rstrip())


@reputation.command()
@data_directory_option
def export(*, data_directory: Path) -> None:
    """Write every sighting that still counts to standard output, as a csv file that import reads."""

    async def work(record: Record, now: int) -> None:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(FIELDS)
        async with record.read() as transaction:
            today = datetime.fromtimestamp(now, UTC).date()
            async for batch in every_sighting(transaction, today=today):
                for s in batch:
                    out.writerow(
                        (to_e164(s.tn), s.day, s.feed, s.reporter, s.label, s.weight, s.last_day_counted)
                    )

    _with_record(data_directory, work, makes=False)


async def _cache(record: Record, report: ImportReport, redis_url: str, now: int) -> str:
    if redis_url == "embedded":
        return "The node takes it over into its embedded Valkey when it starts."
    try:
        connected = connect(redis_url, patience=FOR_LOADING)
        try:
            written = await cache_import(record, ReputationLoader(connected), report, now=now)
        finally:
            await connected.client.aclose()
    except (LoadError, RedisUrlError) as error:
        return f"The record has it, Redis does not: {error}. `callmark cache rebuild` brings it there."
    return f"{written} numbers are up to date in Redis."


def _with_record(data_directory: Path, work: Callable[[Record, int], Awaitable[T]], *, makes: bool) -> T:
    """Do `work` on the record under its writer lock; what goes wrong is a sentence."""
    if not makes and not record_path(data_directory).exists():
        raise click.ClickException(
            f"there is no record in {data_directory}. Say where the node keeps its data with "
            "--data-directory or CALLMARK_DATA__DIRECTORY."
        )

    async def run() -> T:
        record = await open_record(record_path(data_directory))
        try:
            return await work(record, int(time.time()))
        finally:
            await record.close()

    try:
        data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with RecordLock(data_directory):
            return asyncio.run(run())
    except BrokenPipeError:
        raise  # of standard output: whoever reads has seen enough
    except OSError as error:
        raise click.ClickException(f"{data_directory} cannot be used: {error.strerror or error}") from error
    except CommandError as error:
        raise click.ClickException(error.problem) from error
    except (RecordBusyError, RecordError) as error:
        raise click.ClickException(str(error)) from error


def _report_document(report: ImportReport, cached: str) -> dict[str, object]:
    return {
        "feed": report.feed,
        "taken": report.taken,
        "merged": report.merged,
        "refused": report.refused,
        "resumed_after_line": report.resumed_after_line,
        "newest_day": None if report.newest_day is None else str(report.newest_day),
        "problems": [{"line": p.line, "problem": p.problem} for p in report.problems],
        "redis": cached,
    }
