"""Work that a running node does beside everything else, watched from here until it is done.

Ctrl-C ends the work, not only the watching: whoever began it here expects that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.control_client import NoNodeError, ask_control

LOOK_SECONDS: Final = 0.2

Show = Callable[[str, int, int], None]
"""What it is at, how much is done, of how much (0: not known)."""


async def run_job(
    data_directory: Path, path: str, document: object, show: Show, *, can_stop: bool = False
) -> Mapping[str, Any]:
    """Have the node do it and return what came of it. Raises NoNodeError, ClickException."""
    begun = cast("dict[str, Any]", await ask_control(data_directory, "POST", path, document=document))
    where = f"{path}/{begun['id']}"
    try:
        job = begun
        while job["state"] in {"waiting", "running"}:
            words = "waiting for another job" if job["state"] == "waiting" else job["step"]
            show(words, job["done"], job["total"])
            await asyncio.sleep(LOOK_SECONDS)
            job = cast("dict[str, Any]", await ask_control(data_directory, "GET", where))
    except asyncio.CancelledError:
        if can_stop:
            with contextlib.suppress(click.ClickException, NoNodeError):
                await ask_control(data_directory, "DELETE", where)
        raise
    except NoNodeError as error:
        raise click.ClickException(
            "the node has gone meanwhile; run this again to go on where it stopped."
        ) from error
    if job["state"] != "done":
        raise click.ClickException(job["problem"] or "the node was asked to stop it; run it again to go on.")
    result: Mapping[str, Any] = job["result"]
    return result


@contextmanager
def progress_bar(name: str, *, hidden: bool) -> Iterator[Show]:
    """A bar on standard error; `hidden` for programs."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=hidden,
        transient=True,
    ) as bar:
        task = bar.add_task(name, total=None)

        def show(words: str, done: int, total: int) -> None:
            bar.update(task, description=words or name, completed=done, total=total or None)

        yield show
