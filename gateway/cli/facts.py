"""`callmark facts`: what the workers know without asking, made anew from the record."""

from __future__ import annotations

import time
from pathlib import Path

import click

from gateway.cli.administration import facts_follower, local_record, run
from gateway.cli.control_client import NoNodeError
from gateway.cli.jobs import Show, progress_bar, run_job
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.facts import facts_path


@click.group()
def facts() -> None:
    """What calls are judged by without asking anyone: tokens and decisions, on this node's disk.

    Exit status: 0 done, 1 not possible (the message says why), 2 wrong usage.
    """


@facts.command()
@data_directory_option
@json_option
def rebuild(*, data_directory: Path, as_json: bool) -> None:
    """Make the facts anew from the record; calls go by the old ones until the new are whole."""
    with progress_bar("facts", hidden=as_json) as show:
        by = run(_rebuild(data_directory, show))
    if as_json:
        show_json({"rebuilt": True, "by": by, "path": str(facts_path(data_directory))})
        return
    click.echo(f"{facts_path(data_directory)} was made anew from the record by {by}.")


async def _rebuild(data_directory: Path, show: Show) -> str:
    try:
        await run_job(data_directory, "/admin/v1/facts/rebuilds", None, show)
    except NoNodeError:
        async with local_record(data_directory, makes=False) as record:
            with facts_follower(record, data_directory) as follower:
                await follower.rebuild(now=int(time.time()))
        return "this command"
    return "the node"
