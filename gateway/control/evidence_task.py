"""Keeping Redis whole: filled from the record at the start, and again whenever it was emptied.

Until a partition is marked complete the workers answer `unknown` for it, never `clean`; this is what ends
that state, after the first start, after a FLUSHALL, after a new server took an old one's place.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import structlog

from gateway.control.reputation_cache import bring_up_to_date, rebuild_cache
from gateway.generation.settings import Settings
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import LoadError, ReputationLoader
from gateway.knowledge.keys import PARTITIONS
from gateway.record import Record, RecordError

LOOK_SECONDS: Final = 1.0
VALKEY_SOCKET_VARIABLE: Final = "CALLMARK_VALKEY_SOCKET"

_log = structlog.get_logger("callmark.evidence")


def evidence_loader(settings: Settings) -> ReputationLoader:
    """Return the loader for `[redis] url`, patient as loading may be. Raises RedisUrlError."""
    socket = os.environ.get(VALKEY_SOCKET_VARIABLE)
    embedded = None if socket is None else Path(socket)
    return ReputationLoader(connect(settings.redis.url, embedded_socket=embedded, patience=FOR_LOADING))


async def keep_evidence(record: Record, loader: ReputationLoader) -> None:
    """For ever: bring Redis up to date once, then make it whole whenever it is not."""
    was_brought = False
    was_reported = False
    while True:
        try:
            if not was_brought:
                written = await bring_up_to_date(record, loader, now=int(time.time()))
                was_brought = True
                _log.info("evidence is up to date", numbers=written)
            elif await loader.complete_partitions() < PARTITIONS:
                _log.warning("evidence is not whole; it is made again from the record")
                written = await rebuild_cache(record, loader, now=int(time.time()))
                _log.info("evidence is whole again", numbers=written)
            was_reported = False
        except (LoadError, RecordError) as error:
            if not was_reported:
                _log.warning("evidence cannot be loaded", problem=str(error))
            was_reported = True
        await asyncio.sleep(LOOK_SECONDS)
