"""`callmark allocations`: which numbers the regulators have given out, from their own files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from gateway.cli.config import configuration_option, report_problems
from gateway.cli.jobs import progress_bar
from gateway.cli.options import json_option, show_json
from gateway.control.evidence.allocation_import import (
    AllocationReport,
    FileReport,
    import_allocations,
)
from gateway.control.evidence.list_files import ListImportError
from gateway.control.reloading.files import read_configuration
from gateway.generation.allocation_formats import ALLOCATION_FORMATS, AllocationFormat
from gateway.generation.numbers_read import read_number
from gateway.numbers.canonical import NumberError, to_e164


@click.group()
def allocations() -> None:
    """Import regulators' number blocks, and look a number up in them.

    Without them no number is ever said to be unallocated.

    Exit status: 0 done, 1 refused (the message says why; nothing was changed), 2 wrong usage.
    """


@allocations.command(name="import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--format",
    "format_",
    required=True,
    type=click.Choice(ALLOCATION_FORMATS),
    help="Whose files they are: Ofcom's S1 to S9, or NANPA's central office code assignment records.",
)
@click.option(
    "--accept-shrink",
    is_flag=True,
    help="Take the files even if they give out less than half of the numbers there were.",
)
@configuration_option
@json_option
def import_(
    *, files: tuple[Path, ...], format_: AllocationFormat, accept_shrink: bool, directory: Path, as_json: bool
) -> None:
    """Write FILES into allocations.csv of the configuration, in place of this source's rows of before.

    Give all files of a source at once. Lines that cannot be read are set aside and listed; with more than
    one in a hundred, or a file that was cut off, nothing is changed. `callmark reload` puts it into force.

    \b
        callmark allocations import --format ofcom S1.csv S3.csv S5.csv S7.csv S8.csv S9.csv
        callmark allocations import --format nanpa AllCodes.txt
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    with progress_bar("reading", hidden=as_json) as show:
        try:
            report = import_allocations(directory, files, format_, accept_shrink=accept_shrink, progress=show)
        except ListImportError as error:
            raise click.ClickException(f"{error}\nNothing was changed.") from None
    if as_json:
        show_json(_document(report))
        return
    for file in report.files:
        _show_file(file)
    click.echo(
        f"{report.path}: {sum(report.rows.values()):,} rows. {format_} gives out {report.numbers_now:,} "
        f"numbers (before: {report.numbers_before:,}). `callmark reload` puts it into force."
    )


@allocations.command()
@click.argument("number")
@configuration_option
@json_option
def show(*, number: str, directory: Path, as_json: bool) -> None:
    """Say which block NUMBER lies in, who has it, and on whose word."""
    try:
        tn = read_number(number)
    except NumberError as error:
        raise click.ClickException(f"{number}: {error.problem}") from None
    configuration = read_configuration(directory, os.environ)
    if isinstance(configuration, list):
        report_problems(configuration)
        return
    listed = configuration.generation.policy.verdict.allocations
    holding, block = listed.holding(tn), listed.range_of(tn)
    answer: dict[str, Any] = {
        "tn": to_e164(tn),
        "status": None if holding is None else holding.status.value,
        "holder": None if holding is None else holding.holder or None,
        "source": None if holding is None else holding.source,
        "block": None if block is None else {"start": to_e164(block.start), "count": block.count},
    }
    if as_json:
        show_json(answer)
    elif holding is None:
        click.echo(f"{answer['tn']}: no list says anything of it")
    else:
        held = (
            "" if block is None else f" to {holding.holder}, from {to_e164(block.start)} on {block.count:,}"
        )
        click.echo(f"{answer['tn']}: {holding.status.value}{held} ({holding.source})")


def _show_file(file: FileReport) -> None:
    counts = ", ".join(f"{count:,} {status.value}" for status, count in file.blocks.most_common())
    set_aside = f"; {file.aside.refused} lines set aside" if file.aside.refused else ""
    click.echo(f"{file.name}: {sum(file.blocks.values()):,} blocks ({counts}){set_aside}")
    for problem in file.aside.problems:
        click.echo(f"  line {problem.line}: {problem.problem}")
    if file.aside.refused > len(file.aside.problems):
        click.echo(f"  and {file.aside.refused - len(file.aside.problems)} more")


def _document(report: AllocationReport) -> Mapping[str, object]:
    return {
        "path": str(report.path),
        "rows": dict(report.rows),
        "numbers_before": report.numbers_before,
        "numbers_now": report.numbers_now,
        "files": [
            {
                "name": file.name,
                "blocks": {status.value: count for status, count in file.blocks.items()},
                "refused": file.aside.refused,
                "problems": [{"line": each.line, "problem": each.problem} for each in file.aside.problems],
            }
            for file in report.files
        ],
    }
