"""What the control process works with, opened in order and closed again: lock, record, facts, evidence."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from gateway.control.evidence.call_paths import CallPaths
from gateway.control.evidence.evidence_task import Evidence, connect_evidence
from gateway.control.evidence.traffic import Traffic
from gateway.control.facts import FactsFollower
from gateway.control.figures.figures import Figures
from gateway.control.journal.call_spans import CallSpans
from gateway.control.leadership import Leadership
from gateway.control.registry.sending import code_sender
from gateway.control.reloading.candidate import Candidate
from gateway.control.reloading.changes import Changes
from gateway.control.reloading.preview import ReloadGuard
from gateway.control.reloading.reload import Reloader
from gateway.control.repository import Published
from gateway.control.state import ControlState
from gateway.control.trust.trust_task import FreshTrust
from gateway.facts.projection import Projection
from gateway.facts.reader import FactsReader
from gateway.generation.redis_url import EMBEDDED
from gateway.generation.settings import Settings
from gateway.knowledge.traffic import TrafficStore
from gateway.node_settings import (
    Plane,
    call_paths_file,
    chains_directory,
    data_directory,
    facts_path,
    journal_directory,
    plane_from_environment,
)
from gateway.record import RecordBusyError, RecordLock, open_record, record_location

BUSY_SECONDS: Final = 10.0
"""A command line may hold the record's lock for a moment after the last control process ended."""


@contextlib.asynccontextmanager
async def opened(
    settings: Settings,
    reloader: Reloader,
    published: Published,
    trust: FreshTrust,
    guard: ReloadGuard,
    *,
    spans: CallSpans | None,
) -> AsyncIterator[ControlState]:
    """All of it, while the block runs. Raises what `main` makes a sentence of; nothing stays open then."""
    directory = data_directory(settings)
    async with contextlib.AsyncExitStack() as stack:
        if spans is not None:
            stack.push_async_callback(asyncio.to_thread, spans.close)
        lock = await _lock(directory)
        stack.callback(lock.release)
        record = await open_record(record_location(settings.database.url, directory))
        stack.push_async_callback(record.close)
        recent = stack.enter_context(contextlib.closing(CallPaths(call_paths_file(settings))))
        projection = stack.enter_context(contextlib.closing(Projection(facts_path(settings))))
        facts = stack.enter_context(contextlib.closing(FactsReader(facts_path(settings))))
        follower = FactsFollower(record, projection)
        await follower.follow(now=int(time.time()))
        plane = plane_from_environment()
        holder = f"{socket.gethostname()[:40]}-{secrets.token_hex(8)}"
        leadership = Leadership(record, holder=holder, may_lead=plane is not Plane.CALLS)
        # A Valkey of the node's own is nobody else's to fill.
        is_own = settings.redis.url == EMBEDDED
        connected = connect_evidence(settings)
        evidence = Evidence(
            record,
            connected,
            may_fill=lambda: is_own or leadership.leads,
            allocations=lambda: None if (policy := reloader.policy()) is None else policy.verdict.allocations,
        )
        stack.push_async_callback(evidence.close)
        yield ControlState(
            record=record,
            plane=plane,
            leadership=leadership,
            follower=follower,
            facts=facts,
            reloader=reloader,
            published=published,
            evidence=evidence,
            traffic=Traffic(
                record,
                TrafficStore(connected),
                recent,
                policy=reloader.policy,
                renew=evidence.renew,
                leaders_record=leadership.record,
            ),
            codes=code_sender(settings.codes, directory),
            trust=trust,
            guard=guard,
            figures=Figures(lambda: None if (policy := reloader.policy()) is None else policy.verdict),
            candidate=_candidate(directory, reloader, guard),
            changes=Changes(record=record, reloader=reloader, trust=trust, directory=directory),
            data_directory=directory,
            journal_directory=journal_directory(settings),
            chains_directory=chains_directory(settings),
            spans=spans,
        )


def _candidate(directory: Path, reloader: Reloader, guard: ReloadGuard) -> Candidate:
    candidate = Candidate(data_directory=directory, reloader=reloader, latest=guard.latest)
    candidate.begin()
    return candidate


async def _lock(directory: Path) -> RecordLock:
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return RecordLock(directory)
        except RecordBusyError:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
