"""`callmark reputation eval`: how many of each day's complaints the days before it foresaw."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from gateway.cli.administration import json_option, show_json
from gateway.cli.jobs import Show, progress_bar
from gateway.cli.recall_picture import picture
from gateway.generation.countries import FILE_RULES
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans.shapes import WELL_FORMED, NumberShape, number_at
from gateway.reputation.complaints import NUMBER_COLUMN
from gateway.reputation.entry import epoch_day
from gateway.reputation.formats import read_sightings
from gateway.reputation.reading import Format, Reading, day_of_name
from gateway.reputation.recall import (
    BUDGETS,
    DECIDING_BUDGET,
    RULES,
    DayResult,
    Recall,
    evaluate_day,
    mean_decided_by,
    mean_recall,
)
from gateway.reputation.sighting import LineProblem

SAMPLE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """One file: its day and how often it names each number."""

    name: str
    day: int
    numbers: Counter[TelephoneNumber]
    refused: int


@click.command(name="eval")
@click.argument(
    "files",
    metavar="DAYFILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option(
    "--plan",
    default="nanp",
    show_default=True,
    help=f"What the budgets are shares of: {', '.join(WELL_FORMED)}, or shapes such as 41ZXXXXXXXX "
    "(X any digit, N 2-9, Z 1-9), separated by commas.",
)
@click.option(
    "--test-days", type=click.IntRange(1), help="Test the last so many files only; else all but the first."
)
@click.option(
    "--sample", type=click.IntRange(1000), default=SAMPLE, show_default=True, help="Random numbers."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the random numbers.")
@click.option(
    "--picture",
    "picture_file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the recall curves to this SVG file.",
)
@json_option
def eval_(
    *,
    files: tuple[Path, ...],
    plan: str,
    test_days: int | None,
    sample: int,
    seed: int,
    picture_file: Path | None,
    as_json: bool,
) -> None:
    """Measure how many of a day's complaints the days before it foresee.

    Each DAYFILE holds one day's complaints, the day in its name (2025-11-21.csv): the FTC's files, or a csv
    or jsonl file as import reads it. Each day but the first is tested against all files of earlier days:
    they score its numbers and a random sample of the plan; a budget's threshold is the lowest score that
    flags at most that share of the sample; recall is the share of the day's complaints at or above it.
    Nothing is read from or written to the record.

    \b
    callmark reputation eval complaints/2025-*.csv --picture recall.svg
    callmark reputation eval ch/*.csv --plan 41ZXXXXXXXX --test-days 7

    Exit status: 0 done, 1 a file cannot be used, 2 wrong usage.
    """  # noqa: D301 - click's \b keeps the lines of the examples
    shapes = _shapes(plan)
    if len(files) < 2:
        raise click.UsageError("one file is nothing to foresee another by: give at least two days")
    with progress_bar("reading", hidden=as_json) as show:
        days = sorted(_read(files, show), key=lambda each: each.day)
        first = 1 if test_days is None else max(len(days) - test_days, 1)
        randoms = _sample(shapes, sample, seed)
        results = list(_evaluate(days, first, randoms, show))
    if picture_file is not None:
        picture_file.write_text(picture(results), encoding="utf-8")
    if as_json:
        show_json(document(results, plan=plan, sample=sample, seed=seed))
        return
    _show(results, plan, sample)
    for each in days:
        if each.refused:
            click.echo(f"{each.name}: {each.refused} lines hold no number and were left out.")
    if picture_file is not None:
        click.echo(f"The picture is in {picture_file}.")


def _shapes(plan: str) -> tuple[NumberShape, ...]:
    if plan in WELL_FORMED:
        return WELL_FORMED[plan]
    try:
        return tuple(NumberShape(text.strip().removeprefix("+")) for text in plan.split(","))
    except ValueError as error:
        raise click.BadParameter(
            f"{error}; or one of {', '.join(WELL_FORMED)}", param_hint="--plan"
        ) from error


def _read(files: Sequence[Path], show: Show) -> Iterator[Day]:
    known: dict[int, Path] = {}
    for done, path in enumerate(files):
        show(path.name, done, len(files))
        day = day_of_name(path.name)
        if day is None:
            raise click.ClickException(
                f"{path.name} names no day; a file of one day's complaints is called such as 2025-11-21.csv"
            )
        days = epoch_day(day)
        if days in known:
            raise click.ClickException(f"{known[days].name} and {path.name} are of the same day")
        known[days] = path
        yield _read_day(path, day)


def _read_day(path: Path, day: date) -> Day:
    numbers: Counter[TelephoneNumber] = Counter()
    refused = 0
    try:
        with path.open("rb") as file:
            first = file.readline(4096)
            file.seek(0)
            reading = Reading(
                format=_format(first, path),
                feed="eval",
                today=datetime.now(UTC).date(),
                day=day,
                rules=FILE_RULES,
            )
            for item in read_sightings(file, reading):
                if not isinstance(item, LineProblem):
                    numbers[item.tn] += 1
                elif item.whole_file:
                    raise click.ClickException(f"{path.name}, line {item.line}: {item.problem}")
                else:
                    refused += 1
    except ValueError as error:
        raise click.ClickException(f"{path.name}: {error}") from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror or error}") from error
    if not numbers:
        raise click.ClickException(f"{path.name} holds no number")
    return Day(path.name, epoch_day(day), numbers, refused)


def _format(first_line: bytes, path: Path) -> Format:
    if first_line.removeprefix(b"\xef\xbb\xbf").startswith(NUMBER_COLUMN.encode()):
        return "ftc-dnc"
    return "jsonl" if path.suffix in {".jsonl", ".ndjson"} else "csv"


def _sample(shapes: Sequence[NumberShape], count: int, seed: int) -> list[TelephoneNumber]:
    source = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret
    size = sum(shape.size for shape in shapes)
    return [number_at(shapes, source.randrange(size)) for _ in range(count)]


def _evaluate(
    days: Sequence[Day], first: int, sample: Sequence[TelephoneNumber], show: Show
) -> Iterator[DayResult]:
    history: dict[tuple[TelephoneNumber, int], float] = {}
    for place, day in enumerate(days):
        if place >= first:
            complaints = list(day.numbers.elements())
            total = len(complaints) + len(sample)
            yield evaluate_day(
                history,
                complaints,
                sample,
                day=day.day,
                progress=lambda done, day=day, total=total: show(day.name, done, total),  # type: ignore[misc]
            )
        history |= {(tn, day.day): float(count) for tn, count in day.numbers.items()}


def _show(results: Sequence[DayResult], plan: str, sample: int) -> None:
    console = Console(width=110, highlight=False)
    console.print(
        f"Complaints foreseen on {len(results)} day{'s' if len(results) > 1 else ''}, each by all earlier "
        f"files. Budgets are shares of the plan {plan}, by {sample:,} random numbers."
    )
    console.print(_budget_table("all complaints, mean over days", results, "of_all"))
    console.print(_budget_table("about numbers never seen before", results, "of_never_seen"))
    console.print(_day_table(results))
    levels = mean_decided_by(results)
    console.print(
        f"Decided at {DECIDING_BUDGET:.1%} by (the narrowest level that knew of the number): "
        + ", ".join(f"{level} {share:.0%}" for level, share in levels.items())
    )


def _budget_table(title: str, results: Sequence[DayResult], part: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("rule")
    for budget in BUDGETS:
        table.add_column(_percent(budget), justify="right")
    for rule in RULES:
        values: tuple[float, ...] = getattr(mean_recall(results, rule), part)
        table.add_row(rule, *(f"{value:.3f}" for value in values))
    return table


def _day_table(results: Sequence[DayResult]) -> Table:
    table = Table(title=f"by day, at {DECIDING_BUDGET:.1%} of the plan", title_justify="left")
    for name in (
        "day",
        "gap, days",
        "complaints",
        "never seen",
        "numbers known",
        *RULES,
        "blocks, never seen",
    ):
        table.add_column(name, justify="left" if name == "day" else "right")
    at = BUDGETS.index(DECIDING_BUDGET)
    for each in results:
        table.add_row(
            str(each.day),
            str(each.gap_days),
            f"{each.complaints:,}",
            f"{each.never_seen / each.complaints:.1%}",
            f"{each.numbers_known:,}",
            *(f"{each.recall[rule].of_all[at]:.3f}" for rule in RULES),
            f"{each.recall[RULES[-1]].of_never_seen[at]:.3f}",
        )
    return table


def _percent(budget: float) -> str:
    return f"{budget * 100:g} %"


def document(results: Sequence[DayResult], *, plan: str, sample: int, seed: int) -> dict[str, object]:
    """All figures as JSON."""
    return {
        "plan": plan,
        "sample": sample,
        "seed": seed,
        "budgets": list(BUDGETS),
        "mean": {rule: _recall_document(mean_recall(results, rule)) for rule in RULES},
        "days": [
            {
                "day": str(each.day),
                "gap_days": each.gap_days,
                "complaints": each.complaints,
                "never_seen": each.never_seen,
                "numbers_known": each.numbers_known,
                "recall": {rule: _recall_document(each.recall[rule]) for rule in RULES},
                "decided_by": {level.value: share for level, share in each.decided_by.items()},
            }
            for each in results
        ],
    }


def _recall_document(recall: Recall) -> dict[str, list[float]]:
    return {"all": list(recall.of_all), "never_seen": list(recall.of_never_seen)}
