"""One errand to the record, by whichever road is open: the running node, or the record itself.

With a node running, its control process does it, asked over `control.sock`. With none, this process
takes the record's writer lock, runs the same command function and lets the facts follow.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.cli.control_client import TIMEOUT_SECONDS, NoNodeError, ask_control
from gateway.control.commands import CommandError
from gateway.control.facts import FactsFollower
from gateway.control.reloading.files import read_settings
from gateway.control_socket import CONTROL_SOCKET
from gateway.facts import facts_path
from gateway.facts.projection import Projection, ProjectionError
from gateway.node_settings import CONFIGURATION_VARIABLE
from gateway.record import (
    Record,
    RecordBusyError,
    RecordError,
    RecordLock,
    open_record,
    record_location,
    record_path,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """The same request twice: as the admin API takes it, and as a call on the open record."""

    method: str
    path: str
    locally: Callable[[Record, str, int], Awaitable[object]]
    """Given the record, the actor and the time; returns what the API would answer."""
    document: object = None
    query: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = TIMEOUT_SECONDS
    """How long a node may take over it."""
    begins_record: bool = False
    """Whether it may make a record where there is none: what is wanted before a node's first start.
    Anything else would be done, and told as done, beside a node that keeps its data elsewhere."""

    @property
    def changes(self) -> bool:
        """Whether the record is other afterwards, so that the facts must follow."""
        return self.method != "GET"


def run_errand(data_directory: Path, errand: Errand) -> object:
    """Return the answer as JSON values. Raises ClickException with a sentence."""
    return run(perform(data_directory, errand))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end; what goes wrong with the record is a ClickException."""
    try:
        return asyncio.run(work)
    except CommandError as error:
        # The pointer's last part is the option's name; the caller typed no JSON.
        place = error.pointer.removeprefix("/")
        raise click.ClickException(f"{place}: {error.problem}" if place else error.problem) from error
    except (RecordBusyError, RecordError, ProjectionError) as error:
        raise click.ClickException(str(error)) from error


async def perform(data_directory: Path, errand: Errand) -> object:
    """The same for a command that has an event loop. Raises as `local_record` does, and CommandError."""
    try:
        return await ask_control(
            data_directory,
            errand.method,
            errand.path,
            document=errand.document,
            query=errand.query,
            timeout_seconds=errand.timeout_seconds,
        )
    except NoNodeError:
        pass
    async with local_record(data_directory, makes=errand.begins_record) as record:
        now = int(time.time())
        answer = await errand.locally(record, actor(), now)
        if errand.changes:
            with facts_follower(record, data_directory) as follower:
                await follower.follow(now=now)
    return answer


def actor() -> str:
    """Who the audit says it was."""
    return f"cli:{getpass.getuser()}"


@asynccontextmanager
async def local_record(data_directory: Path, *, makes: bool) -> AsyncIterator[Record]:
    """Open the record under its writer lock, for a command that met no node; with `makes`, a new one too.

    Raises ClickException with a sentence, RecordBusyError and RecordError.
    """
    where = _record_location(data_directory)
    if not makes and isinstance(where, Path) and not where.exists():
        raise click.ClickException(
            f"there is no record in {data_directory}, and no node answers at {CONTROL_SOCKET} there. "
            "Say where the node keeps its data with --data-directory or CALLMARK_DATA__DIRECTORY."
        )
    with _lock(data_directory):
        record = await open_record(where)
        try:
            yield record
        finally:
            await record.close()


def _record_location(data_directory: Path) -> Path | str:
    """Where the node keeps its record: as its configuration says, where this command can read one."""
    settings = read_settings(Path(os.environ.get(CONFIGURATION_VARIABLE, "config")), os.environ)
    if isinstance(settings, list):
        return record_path(data_directory)
    return record_location(settings.database.url, data_directory)


def _lock(data_directory: Path) -> RecordLock:
    try:
        data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return RecordLock(data_directory)
    except OSError as error:
        raise click.ClickException(
            f"the data directory {data_directory} cannot be used: {error.strerror}."
        ) from error


@contextmanager
def facts_follower(record: Record, data_directory: Path) -> Iterator[FactsFollower]:
    """What lets the facts of a data directory follow an open record. Raises ProjectionError."""
    projection = Projection(facts_path(data_directory))
    try:
        yield FactsFollower(record, projection)
    finally:
        projection.close()
