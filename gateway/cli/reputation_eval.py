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

from gateway.cli.jobs import Show, progress_bar
from gateway.cli.number_lines import read_numbers
from gateway.cli.options import json_option, show_json
from gateway.cli.recall_picture import picture
from gateway.cli.recall_tables import document
from gateway.cli.recall_tables import show as show_tables
from gateway.generation.countries import FILE_RULES
from gateway.generation.policy_file import read_policy
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans.shapes import WELL_FORMED, NumberShape, number_at
from gateway.reputation.complaints import NUMBER_COLUMN
from gateway.reputation.entry import epoch_day
from gateway.reputation.formats import read_sightings
from gateway.reputation.honest import Honest
from gateway.reputation.reading import Format, Reading, day_of_name
from gateway.reputation.recall import DayResult, evaluate_day
from gateway.reputation.sighting import LineProblem
from gateway.verdicts.policy import VerdictPolicy

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
    "--honest",
    "honest_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Numbers known to be honest, one a line: how often they are flagged, beside random ones.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The policy.toml that treats them; without it the thresholds of the shipped one.",
)
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
    honest_file: Path | None,
    policy_file: Path | None,
    picture_file: Path | None,
    as_json: bool,
) -> None:
    """Measure how many of a day's complaints the days before it foresee.

    Each DAYFILE holds one day's complaints, the day in its name (2025-11-21.csv): the FTC's files, or a csv
    or jsonl file as import reads it. Each day but the first is tested against all files of earlier days:
    they score its numbers and a random sample of the plan; a budget's threshold is the lowest score that
    flags at most that share of the sample; recall is the share of the day's complaints at or above it.
    With --honest, the share of honest numbers above each threshold, and the share that the policy labels,
    challenges or blocks, stand beside those of random ones: chance. Nothing is read from or written to the
    record.

    \b
    callmark reputation eval complaints/2025-*.csv --picture recall.svg
    callmark reputation eval complaints/2025-*.csv --honest hospitals.txt
    callmark reputation eval ch/*.csv --plan 41ZXXXXXXXX --test-days 7

    Exit status: 0 done, 1 a file cannot be used, 2 wrong usage.
    """  # noqa: D301 - click's \b keeps the lines of the examples
    shapes = _shapes(plan)
    if len(files) < 2:
        raise click.UsageError("one file is nothing to foresee another by: give at least two days")
    if policy_file is not None and honest_file is None:
        raise click.UsageError("--policy treats honest numbers: give them with --honest")
    asked, left_out = (None, []) if honest_file is None else _honest(honest_file, shapes, policy_file)
    with progress_bar("reading", hidden=as_json) as show:
        days = sorted(_read(files, show), key=lambda each: each.day)
        first = 1 if test_days is None else max(len(days) - test_days, 1)
        randoms = _sample(shapes, sample, seed)
        results = list(_evaluate(days, first, randoms, asked, show))
    if picture_file is not None:
        picture_file.write_text(picture(results), encoding="utf-8")
    for problem in left_out:
        click.echo(problem, err=True)
    if as_json:
        show_json(document(results, plan=plan, sample=sample, seed=seed))
        return
    show_tables(results, plan, sample)
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


def _honest(file: Path, shapes: Sequence[NumberShape], policy_file: Path | None) -> tuple[Honest, list[str]]:
    """The different numbers of the plan, with what the policy does to them; and what was left out."""
    policy = VerdictPolicy() if policy_file is None else _policy(policy_file)
    read = read_numbers(file)
    numbers = list(dict.fromkeys(tn for tn in read.numbers if any(shape.holds(tn) for shape in shapes)))
    if not numbers:
        raise click.ClickException(f"{file} holds no number of the plan")
    left_out = [f"{file.name}, {problem}" for problem in read.problems]
    if read.refused:
        left_out.append(f"{file.name}: {read.refused} lines hold no number and were left out.")
    if others := len(set(read.numbers)) - len(numbers):
        left_out.append(f"{file.name}: {others} numbers are not of the plan and were left out.")
    return (
        Honest(
            numbers,
            by_blocks=lambda score: policy.neighbours.effect_of(score).value,
            by_number=lambda score: policy.reputation.effect_of(score).value,
        ),
        left_out,
    )


def _policy(file: Path) -> VerdictPolicy:
    read = read_policy(file.read_bytes(), {})
    if isinstance(read, list):
        raise click.ClickException("\n".join(map(str, read)))
    return read.verdict


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
    days: Sequence[Day],
    first: int,
    sample: Sequence[TelephoneNumber],
    honest: Honest | None,
    show: Show,
) -> Iterator[DayResult]:
    history: dict[tuple[TelephoneNumber, int], float] = {}
    for place, day in enumerate(days):
        if place >= first:
            complaints = list(day.numbers.elements())
            total = len(complaints) + len(sample) + (0 if honest is None else len(honest.numbers))
            yield evaluate_day(
                history,
                complaints,
                sample,
                day=day.day,
                honest=honest,
                progress=lambda done, day=day, total=total: show(day.name, done, total),  # type: ignore[misc]
            )
        history |= {(tn, day.day): float(count) for tn, count in day.numbers.items()}
