"""`callmark reputation sources`: what each source of sightings is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.tables import show_table
from gateway.control.commands.sources import sources_document
from gateway.record import Record

PATH = "/admin/v1/sources"


def sources_errand() -> Errand:
    """Ask a node or the record for every source."""

    async def locally(record: Record, _actor: str, _now: int) -> object:
        return await sources_document(record)

    return Errand(method="GET", path=PATH, locally=locally)


@click.command()
@data_directory_option
@json_option
def sources(*, data_directory: Path, as_json: bool) -> None:
    """Show what became of the numbers each feed named, and what its sightings weigh by that.

    Corroborated: another feed named the number on a later day, or an operator rejected its dispute.
    Contradicted: the number was released. The node measures it once a day. Reporters stand there that were
    contradicted.
    """
    found = cast("dict[str, Any]", run_errand(data_directory, sources_errand()))
    if as_json:
        show_json(found)
        return
    if not found["sources"]:
        click.echo("There is no source yet.")
        return
    show_table(
        {
            "feed": "left",
            "reporter": "left",
            "corroborated": "right",
            "contradicted": "right",
            "weight": "right",
        },
        (
            (
                each["feed"],
                each["reporter"] or "(all)",
                str(each["corroborated"]),
                str(each["contradicted"]),
                f"{each['weight']:.2f}",
            )
            for each in found["sources"]
        ),
    )
