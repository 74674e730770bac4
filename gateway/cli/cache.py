"""`callmark cache`: what Redis holds of the record, made anew."""

from __future__ import annotations

import time
from pathlib import Path

import click

from gateway.cli.administration import local_record, run
from gateway.cli.control_client import NoNodeError
from gateway.cli.evidence_store import EMBEDDED, last_allocations, open_loader, redis_url
from gateway.cli.jobs import Show, progress_bar, run_job
from gateway.cli.options import data_directory_option, json_option, show_json
from gateway.control.evidence.imports import words_of_written
from gateway.control.evidence.reputation_cache import rebuild_cache
from gateway.knowledge.connect import RedisUrlError
from gateway.knowledge.importers.loader import LoadError


@click.group()
def cache() -> None:
    """The reputations in Redis, which calls are judged by; the record has them all.

    Exit status: 0 done, 1 not possible (the message says why), 2 wrong usage.
    """


@cache.command()
@data_directory_option
@json_option
def rebuild(*, data_directory: Path, as_json: bool) -> None:
    """Empty Redis of reputations and load them all from the record.

    Calls are answered meanwhile; numbers that are not there again yet are unknown, and the answers say so.
    Other data in the same Redis is left alone.
    """
    with progress_bar("Redis", hidden=as_json) as show:
        numbers = run(_rebuild(data_directory, show))
    if as_json:
        show_json({"numbers": numbers})
        return
    click.echo(words_of_written(numbers))


async def _rebuild(data_directory: Path, show: Show) -> int:
    try:
        result = await run_job(data_directory, "/admin/v1/cache/rebuilds", None, show)
        return int(result["numbers"])
    except NoNodeError:
        url = redis_url()
    if url == EMBEDDED:
        raise click.ClickException(
            "no node is running, and the embedded Valkey runs only with one. `callmark serve` starts both, "
            "and brings it up to date by itself."
        )
    try:
        async with local_record(data_directory, makes=False) as record, open_loader(url) as loader:
            return await rebuild_cache(
                record,
                loader,
                now=int(time.time()),
                allocations=last_allocations(data_directory),
                progress=lambda done: show("Redis", done, 0),
            )
    except (LoadError, RedisUrlError) as error:
        raise click.ClickException(str(error)) from error
