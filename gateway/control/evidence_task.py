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

from gateway.control.forgetting import forget_expired
from gateway.control.importing import ImportReport
from gateway.control.reputation_cache import (
    bring_up_to_date,
    cache_entries,
    cache_import,
    cache_numbers,
    rebuild_cache,
)
from gateway.generation.settings import Settings
from gateway.knowledge.connect import FOR_LOADING, Connected, connect, exposure
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.keys import PARTITIONS
from gateway.knowledge.store import Store, StoreError
from gateway.node_settings import embedded_socket
from gateway.numbers.canonical import TelephoneNumber
from gateway.record import Record, RecordError

LOOK_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 86_400.0
ANSWER_SECONDS: Final = 2.0
"""For the one question whether all is there: loading is patient, readiness has to be true soon."""

Progress = Callable[[int], None]

_log = structlog.get_logger("callmark.evidence")


def connect_evidence(settings: Settings) -> Connected:
    """Connect to `[redis] url`, patient as loading may be, and warn of whom it lets in. RedisUrlError."""
    for sentence in exposure(settings.redis.url):
        _log.warning("redis is exposed", problem=sentence)
    return connect(settings.redis.url, embedded_socket=embedded_socket(), patience=FOR_LOADING)


class Evidence:
    """What the record says of numbers, in Redis; one per control process."""

    def __init__(self, record: Record, connected: Connected) -> None:
        self._record = record
        self._connected = connected
        self._loader = ReputationLoader(connected)
        self._turn = asyncio.Lock()
        self._is_brought = False
        self._was_reported = False
        self.problem = "was not asked yet"
        """What is to be said after "Redis"; empty while it answers and is whole."""

    async def keep(self) -> None:
        """For ever: bring Redis up to date once, then make it whole whenever it is not."""
        while True:
            try:
                async with self._turn:
                    await self._look()
            except TimeoutError:
                self._report("does not answer", f"no answer within {ANSWER_SECONDS:g} s")
            except (LoadError, RecordError) as error:
                self._report("does not take the evidence; the log says why", str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            complete = await self._loader.complete_partitions()
        if self._was_reported or not self._is_brought:
            await self._warn_of_eviction()
        if complete < PARTITIONS:
            self.problem = f"is not whole ({complete} of {PARTITIONS} partitions); it is being filled"
            if self._is_brought:
                _log.warning("evidence is not whole; it is made again from the record", complete=complete)
            else:
                # A first start, or another server than before: nothing was lost that anybody relied on.
                _log.info("evidence is being filled from the record", complete=complete)
            written = await rebuild_cache(self._record, self._loader, now=int(time.time()))
            _log.info("evidence is whole", numbers=written)
        elif not self._is_brought:
            written = await bring_up_to_date(self._record, self._loader, now=int(time.time()))
            _log.info("evidence is up to date", numbers=written)
        self._is_brought, self._was_reported, self.problem = True, False, ""

    def _report(self, problem: str, detail: str) -> None:
        """Once for each time it is lost."""
        self.problem = problem
        if not self._was_reported:
            _log.warning("evidence cannot be loaded", problem=detail)
        self._was_reported = True

    async def _warn_of_eviction(self) -> None:
        try:
            problem = await Store(self._connected).eviction_problem()
        except StoreError:
            return  # a server that answers nothing is told of elsewhere
        if problem:
            _log.warning("redis may forget", problem=problem)

    async def take_over(self, report: ImportReport, *, progress: Progress | None = None) -> int:
        """Bring what an import named up to date; how many numbers. Raises LoadError, RecordError.

        What then is not in Redis is brought there as soon as it answers.
        """
        async with self._turn:
            self._is_brought = False
            written = await cache_import(
                self._record, self._loader, report, now=int(time.time()), progress=progress
            )
            self._is_brought = True
            return written

    async def rebuild(self, *, progress: Progress | None = None) -> int:
        """Make all of it anew from the record; how many numbers. Raises LoadError, RecordError."""
        async with self._turn:
            self._is_brought = False
            written = await rebuild_cache(self._record, self._loader, now=int(time.time()), progress=progress)
            self._is_brought = True
            return written

    async def renew(self, numbers: Collection[TelephoneNumber]) -> None:
        """Bring these numbers up to date in Redis, now or as soon as it answers. Raises RecordError."""
        try:
            async with self._turn:
                await cache_numbers(self._record, self._loader, numbers, now=int(time.time()))
        except LoadError:
            self.is_behind()

    async def forget(self) -> int:
        """Take out of the record what has not counted for a while, and out of Redis what is left of it.

        Returns of how many numbers anything was taken out. Raises RecordError.
        """
        forgotten = 0
        async for numbers in forget_expired(self._record, now=int(time.time())):
            forgotten += len(numbers)
            try:
                async with self._turn:
                    await cache_entries(self._record, self._loader, numbers, now=int(time.time()))
            except LoadError:
                self.is_behind()
        return forgotten

    async def keep_forgetting(self) -> None:
        """For ever: once a day."""
        while True:
            forgotten = await self.forget()
            if forgotten:
                _log.info("expired evidence was removed", numbers=forgotten)
            await asyncio.sleep(FORGET_SECONDS)

    def is_behind(self) -> None:
        """Note that the record has more than Redis: `keep` brings it there."""
        self._is_brought = False

    async def close(self) -> None:
        """Close the connections."""
        await self._connected.client.aclose()
