"""Keeping Redis whole: filled from the record at the start, and again whenever it was emptied.

Until a partition is marked complete the workers answer `unknown` for it, never `clean`; this is what ends
that state, after the first start, after a FLUSHALL, after a new server took an old one's place. Whatever
else writes evidence from the record (an import, `callmark cache rebuild`) takes its turn here: an older
look at the record must not come to lie over a newer one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

import structlog

from gateway.control.evidence.forgetting import forget_expired
from gateway.control.evidence.importing import ImportReport
from gateway.control.evidence.measuring import measure_sources
from gateway.control.evidence.reputation_cache import (
    bring_up_to_date,
    cache_entries,
    cache_import,
    cache_numbers,
    rebuild_cache,
)
from gateway.generation.settings import Settings
from gateway.knowledge.connect import FOR_LOADING, connect, exposure
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.importers.room import Room
from gateway.knowledge.keys import PARTITIONS
from gateway.knowledge.servers import EVERY_PARTITION, OneServer, Servers
from gateway.knowledge.store import Store, StoreError
from gateway.node_settings import embedded_socket
from gateway.numbers.allocations import Allocations
from gateway.numbers.canonical import TelephoneNumber
from gateway.record import Record, RecordError
from gateway.record.lease import LeaseLostError

LOOK_SECONDS: Final = 1.0
DAY_SECONDS: Final = 86_400.0
ANSWER_SECONDS: Final = 2.0
"""For the one question of an import, how much room there is."""

Progress = Callable[[int], None]

_log = structlog.get_logger("callmark.evidence")


def connect_evidence(settings: Settings) -> Servers:
    """Connect to `[redis] url`, patient as loading may be, and warn of whom it lets in. RedisUrlError."""
    for sentence in exposure(settings.redis.url):
        _log.warning("redis is exposed", problem=sentence)
    return connect(settings.redis.url, embedded_socket=embedded_socket(), patience=FOR_LOADING)


class Evidence:
    """What the record says of numbers, in Redis; one per control process."""

    def __init__(
        self,
        record: Record,
        servers: Servers,
        *,
        may_fill: Callable[[], bool] = lambda: True,
        allocations: Callable[[], Allocations | None] = lambda: None,
    ) -> None:
        """`may_fill`: whether what is missing is to be put there from here, not by another node.

        `allocations`: what the plan files in force tell; None before there is a configuration.
        """
        self._may_fill = may_fill
        self._allocations = allocations
        self._brought_with: Allocations | None = None
        """What told the ranges that Redis has now."""
        self._record = record
        self._servers = servers
        self._loader = ReputationLoader(servers)
        self._turn = asyncio.Lock()
        self._brought: dict[int, str] = {}
        """The run id of the server on which each partition has been brought up to date."""
        self._was_reported = False
        self.problem = "was not asked yet"
        """What is to be said after "Redis"; empty while it answers and is whole."""

    async def keep(self) -> None:
        """For ever: bring Redis up to date once, then make it whole whenever it is not."""
        while True:
            try:
                async with self._turn:
                    await self._look()
            except (LoadError, RecordError) as error:
                self._report("does not take the evidence; the log says why", str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        allocations = self._allocations()
        if allocations != self._brought_with:
            self._brought_with = allocations
            self.is_behind()
        marks = await self._loader.look()
        if marks.runs and (self._was_reported or not self._brought):
            await self._warn_of_eviction()
        if marks.missing and not self._may_fill():
            whole = len(marks.complete)
            self.problem = f"is not whole ({whole} of {PARTITIONS} partitions); the leading node fills it"
            return
        if marks.missing:
            whole = PARTITIONS - len(marks.missing)
            self.problem = f"is not whole ({whole} of {PARTITIONS} partitions); it is being filled"
            if self._brought:
                _log.warning("evidence is not whole; it is made again from the record", complete=whole)
            else:
                # A first start, or another server than before: nothing was lost that anybody relied on.
                _log.info("evidence is being filled from the record", complete=whole)
            written = await rebuild_cache(
                self._record,
                self._loader,
                now=int(time.time()),
                allocations=allocations,
                partitions=marks.missing,
            )
            self._brought |= {partition: marks.runs[partition] for partition in marks.missing}
            _log.info("evidence is whole", numbers=written)
        # Whoever leads next brings all of it up to date once: what the last leader had not done is not known.
        if not self._may_fill():
            self._brought = {}
        due = (
            frozenset()
            if not self._may_fill()
            else frozenset(each for each in marks.complete if self._brought.get(each) != marks.runs[each])
        )
        if due:
            written = await bring_up_to_date(
                self._record, self._loader, now=int(time.time()), allocations=allocations, partitions=due
            )
            self._brought |= {partition: marks.runs[partition] for partition in due}
            _log.info("evidence is up to date", numbers=written, partitions=len(due))
        if marks.away:
            part = (
                "" if marks.away == EVERY_PARTITION else f" for {len(marks.away)} of {PARTITIONS} partitions"
            )
            self._report(f"does not answer{part}", marks.problem)
        else:
            self._was_reported, self.problem = False, ""

    def _report(self, problem: str, detail: str) -> None:
        """Once for each time it is lost."""
        self.problem = problem
        if not self._was_reported:
            _log.warning("evidence cannot be loaded", problem=detail)
        self._was_reported = True

    async def _warn_of_eviction(self) -> None:
        for server in await self._servers.look():
            try:
                problem = await Store(OneServer(server.client)).eviction_problem()
            except StoreError:
                continue  # a server that answers nothing is told of elsewhere
            if problem:
                _log.warning("redis may forget", server=server.name, problem=problem)

    async def take_over(self, report: ImportReport, *, progress: Progress | None = None) -> int:
        """Bring what an import named up to date; how many numbers. Raises LoadError, RecordError.

        What then is not in Redis is brought there as soon as it answers.
        """
        async with self._turn:
            brought, self._brought = self._brought, {}
            written = await cache_import(
                self._record,
                self._loader,
                report,
                now=int(time.time()),
                allocations=self._allocations(),
                progress=progress,
            )
            self._brought = brought
            return written

    async def rebuild(self, *, progress: Progress | None = None) -> int:
        """Make all of it anew from the record; how many numbers. Raises LoadError, RecordError."""
        async with self._turn:
            self._brought = {}
            written = await rebuild_cache(
                self._record,
                self._loader,
                now=int(time.time()),
                allocations=self._allocations(),
                progress=progress,
            )
            self._brought = dict((await self._loader.look()).runs)
            return written

    async def room(self) -> Room | None:
        """What Redis has for an import; None where it has no bound, or does not answer."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._loader.room()
        except (TimeoutError, LoadError):
            return None

    async def renew(self, numbers: Collection[TelephoneNumber]) -> None:
        """Bring these numbers up to date in Redis, now or as soon as it answers. Raises RecordError."""
        try:
            async with self._turn:
                await cache_numbers(
                    self._record,
                    self._loader,
                    numbers,
                    now=int(time.time()),
                    allocations=self._allocations(),
                )
        except LoadError:
            self.is_behind()

    async def forget(self, record: Record) -> int:
        """Take out of the record what has not counted for a while, and out of Redis what is left of it.

        Returns of how many numbers anything was taken out. Raises RecordError.
        """
        forgotten = 0
        async for numbers in forget_expired(record, now=int(time.time())):
            forgotten += len(numbers)
            try:
                async with self._turn:
                    await cache_entries(self._record, self._loader, numbers, now=int(time.time()))
            except LoadError:
                self.is_behind()
        return forgotten

    async def keep_in_order(self, leaders_record: Callable[[], Record | None]) -> None:
        """For ever, once a day, by who leads: measure the sources, forget what has not counted for long."""
        while True:
            record = leaders_record()
            if record is None:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            try:
                if await measure_sources(record, now=int(time.time())):
                    _log.info("sources weigh otherwise than before")
                    self.is_behind()
                forgotten = await self.forget(record)
                if forgotten:
                    _log.info("expired evidence was removed", numbers=forgotten)
            except LeaseLostError:  # who leads next does it; that may be this one again
                await asyncio.sleep(LOOK_SECONDS)
                continue
            await asyncio.sleep(DAY_SECONDS)

    def is_behind(self) -> None:
        """Note that the record has more than Redis: `keep` brings it there."""
        self._brought = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._servers.aclose()
