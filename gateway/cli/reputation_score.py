"""`callmark reputation score`: a file of numbers, each with what the record foresees of it."""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.administration import local_record, perform, run
from gateway.cli.control_client import NoNodeError, download
from gateway.cli.jobs import Show, progress_bar
from gateway.cli.number_lines import read_numbers
from gateway.cli.options import data_directory_option
from gateway.cli.reputation_sources import sources_errand
from gateway.control.evidence.sightings_csv import write_sightings
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.reputation.blocks import score_of_rate
from gateway.reputation.entry import epoch_day
from gateway.reputation.foresight import Foresight
from gateway.reputation.listings import FIELDS
from gateway.reputation.neighbourhood import NumberDay
from gateway.reputation.precision import weight_of_sources

_SHOW_EVERY: Final = 10_000


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="As on the morning of that day: sightings of earlier days alone.",
)
@data_directory_option
def score(*, file: Path, as_of: datetime | None, data_directory: Path) -> None:
    """Print number,score for each number of FILE (a number a line; - for standard input).

    The score is what the record foresees of the number's next calls, from its own sightings and those of
    the blocks around it: 0 to 1, higher is worse, comparable between numbers of one record. Nothing blocks
    a call for it alone; `callmark reputation show` explains one number's.

    Numbers are written +442079460123, or 020 7946 0123 by the dialling rules; ten digits alone, as the FTC
    writes them, and (202) 555-0123 are read behind +1. Lines that hold no number are left out and told on
    standard error.

    \b
    callmark reputation score numbers.txt > scores.csv
    callmark reputation score numbers.txt --as-of 2025-11-21

    Exit status: 0 done, 1 nothing could be read, 2 wrong usage.
    """  # noqa: D301 - click's \b keeps the lines of the examples
    before = datetime.now(UTC).date() + timedelta(days=1) if as_of is None else as_of.date()
    today = before if as_of is not None else datetime.now(UTC).date()
    asked = read_numbers(file)
    if not asked.numbers:
        raise click.ClickException(f"{file} holds no number")
    foresight = Foresight(asked.numbers, today=epoch_day(today))
    with progress_bar("scoring", hidden=not sys.stderr.isatty()) as show:
        later = run(_score(data_directory, foresight, before, today, show))
    out = sys.stdout
    for tn, rate in zip(asked.numbers, foresight.rates, strict=True):
        out.write(f"{to_e164(tn)},{score_of_rate(rate):.6f}\n")
    for problem in asked.problems:
        click.echo(problem, err=True)
    if asked.refused:
        click.echo(f"{asked.refused} lines hold no number and were left out.", err=True)
    if later:
        click.echo(f"{later} sightings of {before} and later were not looked at.", err=True)


async def _score(data_directory: Path, foresight: Foresight, before: date, today: date, show: Show) -> int:
    """Take in what counts `today` or later; how many sightings were of days from `before` on."""
    found = cast("dict[str, Any]", await perform(data_directory, sources_errand()))
    weights = {(each["feed"], each["reporter"]): float(each["weight"]) for each in found["sources"]}
    later = taken = 0
    unfinished: dict[int, float] = {}
    current = ""
    limit = before.isoformat()
    async for row in _rows(data_directory, today):
        tn, day = row[_TN], row[_DAY]
        weight = float(row[_WEIGHT]) * weight_of_sources(weights, row[_FEED], row[_REPORTER])
        if tn != current:
            _add(foresight, current, unfinished)
            current, unfinished = tn, {}
        if day >= limit:
            later += 1
            continue
        days = epoch_day(date.fromisoformat(day))
        unfinished[days] = unfinished.get(days, 0.0) + weight
        taken += 1
        if taken % _SHOW_EVERY == 0:
            show("scoring", foresight.done, len(foresight.rates))
    _add(foresight, current, unfinished)
    foresight.finish()
    return later


_TN: Final = FIELDS.index("tn")
_DAY: Final = FIELDS.index("day")
_WEIGHT: Final = FIELDS.index("confidence")
_FEED: Final = FIELDS.index("feed")
_REPORTER: Final = FIELDS.index("reporter")


def _add(foresight: Foresight, tn: str, days: dict[int, float]) -> None:
    number = TelephoneNumber(tn.removeprefix("+"))
    for day, weight in sorted(days.items()):
        foresight.add(NumberDay(number, day, weight))


async def _rows(data_directory: Path, day: date) -> AsyncIterator[list[str]]:
    """Every sighting that counts that day or later, in the order of the numbers."""
    rest = ""
    async for piece in _text(data_directory, day):
        text = rest + piece
        whole, _, rest = text.rpartition("\n")
        for row in csv.reader(_lines(whole)):
            if row and row[0] != FIELDS[0]:
                yield row


def _lines(text: str) -> Iterator[str]:
    # A label holds no line end (import refuses what cannot be printed): a line is a row.
    yield from text.splitlines()


async def _text(data_directory: Path, day: date) -> AsyncIterator[str]:
    try:
        async for piece in download(data_directory, f"/admin/v1/sightings?since={day}"):
            yield piece.decode(errors="replace")
    except NoNodeError:
        async with local_record(data_directory, makes=False) as record:
            async for text in write_sightings(record, since=day):
                yield text
