"""`callmark dno`: lists of numbers that never call out, from those who keep them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway.cli.config import configuration_option
from gateway.cli.jobs import progress_bar
from gateway.cli.options import json_option, show_json
from gateway.control.evidence.dno_import import import_dno
from gateway.control.evidence.list_files import ListImportError
from gateway.generation.countries import COUNTRIES
from gateway.generation.dno_formats import DNO_FORMATS, DnoFormat, DnoReading


@click.group()
def dno() -> None:
    """Import do-not-originate lists.

    Exit status: 0 done, 1 refused (the message says why; nothing was changed), 2 wrong usage.
    """


@dno.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--format", "format_", required=True, type=click.Choice(DNO_FORMATS), help="How the file is written."
)
@click.option("--source", required=True, help="On whose word: its earlier rows are replaced.")
@click.option(
    "--label", default="", help="Whose numbers they are where a line does not say; else the source."
)
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day the entries count, where a line names none. A list that is renewed each week may well "
    "end by itself after a month.",
)
@click.option(
    "--country",
    type=click.Choice(list(COUNTRIES)),
    default="GB",
    show_default=True,
    help="How numbers without a country code are read.",
)
@click.option(
    "--accept-shrink", is_flag=True, help="Take a list of less than half of the entries there were."
)
@configuration_option
@json_option
def import_(
    *,
    file: Path,
    format_: DnoFormat,
    source: str,
    label: str,
    expires: datetime | None,
    country: str,
    accept_shrink: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Write FILE into dno.csv of the configuration, in place of this source's rows of before.

    plain has a number or range a line; csv a header with a column such as number or tn and, if wanted, label
    (or organisation), note, expires. Lines that cannot be read are set aside and listed; with more than one
    in a hundred, or a file that was cut off, nothing is changed. `callmark reload` puts it into force.

    \b
        callmark dno import ofcom-dno.csv --format csv --source ofcom --expires 2027-01-31
        callmark dno import registry.txt --format plain --source registry --country US
    """  # noqa: D301 - click wants the character \b itself, not its two letters
    reading = DnoReading(format=format_, rules=COUNTRIES[country].dialling, label=label or source)
    with progress_bar(file.name, hidden=as_json) as show:
        try:
            report = import_dno(
                directory,
                file,
                reading,
                source=source,
                expires="" if expires is None else f"{expires:%Y-%m-%d}",
                accept_shrink=accept_shrink,
                progress=show,
            )
        except ListImportError as error:
            raise click.ClickException(f"{error}\nNothing was changed.") from None
    if as_json:
        show_json(
            {
                "path": str(report.path),
                "taken": report.taken,
                "merged": report.merged,
                "before": report.before,
                "refused": report.aside.refused,
                "problems": [{"line": each.line, "problem": each.problem} for each in report.aside.problems],
            }
        )
        return
    click.echo(
        f"{file.name}: {report.taken:,} entries (before: {report.before:,}), {report.merged:,} lines merged, "
        f"{report.aside.refused:,} set aside."
    )
    for problem in report.aside.problems:
        click.echo(f"  line {problem.line}: {problem.problem}")
    if report.aside.refused > len(report.aside.problems):
        click.echo(f"  and {report.aside.refused - len(report.aside.problems)} more")
    click.echo(f"{report.path} is written. `callmark reload` puts it into force.")
