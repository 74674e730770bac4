"""`callmark nodes`: every node that shares the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from gateway.cli.administration import run
from gateway.cli.control_client import NoNodeError, ask_control
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.cli.tables import show_table


@click.command()
@data_directory_option
@json_option
def nodes(*, data_directory: Path, as_json: bool) -> None:
    """Show the nodes that share the record: plane, version, generation, who leads, what is wrong.

    Nodes of one configuration have the same digest. One that is silent for ten seconds is held for gone.

    Exit status: 0 done, 1 no node is running here, 2 wrong usage.
    """
    found = cast("dict[str, Any]", run(_ask(data_directory)))
    if as_json:
        show_json(found)
        return
    show_table(
        dict.fromkeys(("node", "plane", "version", "generation", "digest", "state"), "left"),
        (
            (
                each["name"] + (" (this one)" if each["is_this"] else ""),
                each["plane"] + (", leads" if each["leads"] and not each["is_gone"] else ""),
                each["version"],
                "" if each["generation"] is None else str(each["generation"]),
                (each["digest"] or "")[:12],
                _state(each),
            )
            for each in found["nodes"]
        ),
    )


async def _ask(data_directory: Path) -> object:
    try:
        return await ask_control(data_directory, "GET", "/admin/v1/nodes")
    except NoNodeError:
        raise click.ClickException(
            f"no node is running on {data_directory}: start one with `callmark serve`."
        ) from None


def _state(node: dict[str, Any]) -> str:
    if node["is_gone"]:
        return f"gone: silent for {node['silent_seconds']:.0f} s"
    return "; ".join(node["problems"]) or "whole"
