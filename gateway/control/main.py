"""The control process: builds generations, keeps the record, projects facts, answers operators.

`python -m gateway.control.main`, started by the supervisor before any worker: it says `ready` once there
is a current generation for them to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop

from gateway import telemetry
from gateway.channel import Channel
from gateway.control.journal.call_spans import SpansSettingError, open_spans
from gateway.control.journal.journal_task import follow_journal, keep_forgetting, see_journal
from gateway.control.journal.latest_calls import SEEN, LatestCalls
from gateway.control.journal.tail import JournalTail
from gateway.control.listening import listening
from gateway.control.opening import opened
from gateway.control.registry.sending import CodesSettingError
from gateway.control.reloading.changes import GATEWAY
from gateway.control.reloading.file_watch import FileWatch
from gateway.control.reloading.preview import ReloadGuard
from gateway.control.reloading.reload import Reloader
from gateway.control.reloading.reloaded import Reloaded
from gateway.control.repository import Published
from gateway.control.state import ControlState
from gateway.control.trust.chain_task import forget_chains
from gateway.control.trust.trust_task import FreshTrust
from gateway.facts.projection import ProjectionError
from gateway.generations import GenerationLoadError
from gateway.knowledge.connect import RedisUrlError
from gateway.node_settings import (
    CONFIGURATION_VARIABLE,
    chains_directory,
    journal_directory,
    journal_retention,
    published_file,
    settings_from_environment,
)
from gateway.record import RecordBusyError, RecordError
from gateway.record.generations import Cause
from gateway.web.server_name import name_server

PAUSE_SECONDS: Final = 5.0
"""After a task failed, before it is tried again."""
YIELDS_BY: Final = 5
"""Of nice(1). Workers share its cores, and what it does can wait: reading a file of complaints holds up fewer
calls. At 10 it was no better, at 19 it would hardly be heard beside workers that have no time to spare.
"""

_log = structlog.get_logger("callmark.control")


async def _main() -> int:
    settings = settings_from_environment()
    spans = open_spans(settings.telemetry)
    channel = Channel.from_environment()
    published = Published(published_file(settings))

    async def put_in_force() -> bool:
        return await reloader.take_obtained()

    async def tell(url: str, problem: str) -> None:
        await channel.send({"type": "list_looked_for", "url": url, "problem": problem})

    trust = FreshTrust(settings, put_in_force=put_in_force, tell=tell)
    trust.begin(settings)
    latest = LatestCalls()
    guard = ReloadGuard(latest)
    reloader = Reloader(
        directory=Path(os.environ[CONFIGURATION_VARIABLE]),
        environment=dict(os.environ),
        settings=settings,
        channel=channel,
        publish=published.take,
        obtained=trust.files,
        took=trust.took,
        weigh=guard,
    )
    await asyncio.to_thread(reloader.begin)
    directory = journal_directory(settings)
    with contextlib.suppress(OSError):  # `see_journal` tells of it
        await asyncio.to_thread(latest.begin, directory)
    retention = journal_retention(settings)
    async with (
        opened(settings, reloader, published, trust, guard, spans=spans) as state,
        listening(settings, state),
    ):
        leads = state.leadership
        tasks = [
            asyncio.create_task(_kept("facts", state.keep_following)),
            asyncio.create_task(_kept("calls", lambda: see_journal(directory, state.see_calls))),
            asyncio.create_task(_kept("journal", lambda: follow_journal(directory, state.learning.steps))),
            asyncio.create_task(_kept("retention", lambda: keep_forgetting(directory, retention))),
            asyncio.create_task(state.figures.recall(JournalTail(directory, reader=SEEN))),
            asyncio.create_task(_kept("evidence", state.evidence.keep)),
            asyncio.create_task(_kept("order", lambda: state.evidence.keep_in_order(leads.record))),
            asyncio.create_task(_kept("leadership", lambda: leads.keep(state.node_state))),
            asyncio.create_task(_kept("registry", state.keep_reviewing)),
            asyncio.create_task(_kept("trust", trust.keep)),
            asyncio.create_task(
                _kept(
                    "chains", lambda: forget_chains(journal_directory(settings), chains_directory(settings))
                )
            ),
            asyncio.create_task(_kept("files", _watch(state).keep)),
        ]
        state.changes.tell_node = channel.send
        await state.changes.begin()
        # What is there now stays: looking through all of it at each full collection held everybody up
        # for 90 ms in the middle of an import (30 ms without).
        gc.collect()
        gc.freeze()
        await channel.send({"type": "ready"})
        try:
            await _listen(channel, state)
        finally:
            await state.streams.close()
            await state.jobs.close()
            await trust.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await leads.release()
    return 0


def _watch(state: ControlState) -> FileWatch:
    reloader = state.reloader

    async def reload() -> Reloaded:
        return await state.changes.reload(actor=GATEWAY, cause=Cause.FILES)

    def is_on() -> bool:
        policy = reloader.policy()
        return policy is not None and policy.reload.watch

    return FileWatch(look=reloader.look, read=lambda: reloader.read, is_on=is_on, reload=reload)


async def _kept(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """For ever, whatever happens: one task's failure is not the end of the others, nor of the admin API."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - what a task does not know how to outlive is outlived here
            _log.exception("task failed", task=name)
        await asyncio.sleep(PAUSE_SECONDS)


async def _listen(channel: Channel, state: ControlState) -> None:
    """Do what the supervisor says until it says drain, or has gone."""
    reloads: set[asyncio.Task[Any]] = set()
    while received := await channel.receive():
        match received.kind:
            case "confirmations":
                state.reloader.announcer.confirmed(received.message)
            case "workers":
                state.reloader.announcer.workers = received.message["workers"]
            case "reload":
                task = asyncio.create_task(state.changes.reload(actor="signal:SIGHUP"))
                reloads.add(task)
                task.add_done_callback(reloads.discard)
            case "list_wanted":
                await state.trust.want(received.text("url"), received.text("issuer"))
            case "drain":
                return
            case "notice":
                pass
            case kind:
                _log.warning("unknown message", kind=kind)


def main() -> int:
    """Run the control process; what stops it from starting is a sentence on stderr."""
    os.nice(YIELDS_BY)
    telemetry.configure_logging(process="control")
    name_server()
    try:
        return uvloop.run(_main())
    except (
        CodesSettingError,
        GenerationLoadError,
        RecordBusyError,
        RecordError,
        ProjectionError,
        RedisUrlError,
        SpansSettingError,
    ) as error:
        sys.stderr.write(f"callmark: {error}\n")
        return 1
    finally:
        telemetry.flush_logs()


if __name__ == "__main__":
    sys.exit(main())
