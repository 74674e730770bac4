"""`callmark feed`: feeds of evidence that are paused, and letting them run again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from gateway.cli.administration import Errand, run_errand
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.commands.feeds import list_paused, pause_feed, paused_document, resume_feed
from gateway.record import Record


@click.group()
def feed() -> None:
    """Pause feeds of evidence, and let them run again.

    Exit status: 0 done, 1 refused or not possible (the message says why), 2 wrong usage.
    """


@feed.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, for whoever reads it next.")
@data_directory_option
@json_option
def pause(*, name: str, reason: str, data_directory: Path, as_json: bool) -> None:
    """Refuse imports of the feed NAME until it is resumed; what was taken before still counts."""

    async def locally(record: Record, actor: str, now: int) -> object:
        return paused_document(await pause_feed(record, name, reason, actor=actor, now=now))

    document: dict[str, object] = {"feed": name, "reason": reason}
    _run(
        data_directory,
        Errand(method="POST", path="/admin/v1/paused-feeds", document=document, locally=locally),
        f"The feed {name} is paused. `callmark feed resume {name}` lets it run again.",
        as_json=as_json,
    )


@feed.command()
@click.argument("name")
@data_directory_option
@json_option
def resume(*, name: str, data_directory: Path, as_json: bool) -> None:
    """Let the feed NAME be imported again."""

    async def locally(record: Record, actor: str, now: int) -> object:
        return paused_document(await resume_feed(record, name, actor=actor, now=now))

    errand = Errand(method="DELETE", path=f"/admin/v1/paused-feeds/{name}", locally=locally)
    _run(data_directory, errand, f"The feed {name} runs again.", as_json=as_json)


@feed.command(name="list")
@data_directory_option
@json_option
def list_(*, data_directory: Path, as_json: bool) -> None:
    """List the feeds that are paused."""

    async def locally(record: Record, _actor: str, _now: int) -> object:
        return {"paused_feeds": [paused_document(each) for each in await list_paused(record)]}

    errand = Errand(method="GET", path="/admin/v1/paused-feeds", locally=locally)
    answer = cast("dict[str, Any]", run_errand(data_directory, errand))
    if as_json:
        show_json(answer)
        return
    if not answer["paused_feeds"]:
        click.echo("No feed is paused.")
    for each in answer["paused_feeds"]:
        click.echo(f"{each['feed']}  since {each['paused']} by {each['paused_by']}: {each['reason']}")


def _run(data_directory: Path, errand: Errand, sentence: str, *, as_json: bool) -> None:
    done = run_errand(data_directory, errand)
    if as_json:
        show_json(done)
        return
    click.echo(sentence)
