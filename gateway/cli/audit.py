"""`callmark audit`: whether the list of who did what is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.commands import verify_audit
from gateway.control.commands.documents import audit_document
from gateway.record import Record

_TIMEOUT_SECONDS: Final = 600.0
"""The whole chain is walked: some hundred thousand rows a second."""


@click.group()
def audit() -> None:
    """The record of who did what, when.

    Exit status: 0 intact, 1 broken (each break is listed) or not readable, 2 wrong usage.
    """


@audit.command()
@data_directory_option
@json_option
def verify(*, data_directory: Path, as_json: bool) -> None:
    """Walk the chain of hashes from its first row and list every place where it does not hold.

    Note the head that is printed somewhere else: only it tells a chain that somebody computed anew.
    """

    async def locally(record: Record, _actor: str, _now: int) -> object:
        return audit_document(await verify_audit(record))

    errand = Errand(
        method="GET",
        path="/admin/v1/audit/verification",
        locally=locally,
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    report = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(report)
    elif report["intact"]:
        head = report["head"]
        click.echo(f"Intact: {report['rows']} rows. Head: row {head['sequence']}, {head['hash']}")
    else:
        for each in report["breaks"]:
            click.echo(f"row {each['sequence']}: {each['problem']}", err=True)
        click.echo(
            f"Broken in {len(report['breaks'])} places of {report['rows']} rows: somebody wrote to the "
            "record beside Callmark. Compare with a backup from before the first of them.",
            err=True,
        )
    if not report["intact"]:
        raise click.exceptions.Exit(1)
