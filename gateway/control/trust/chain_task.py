"""Forgetting chains that no recorded call can need any more: the journal's retention is theirs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import structlog

from gateway.control.tracing.search import oldest_time
from gateway.fetch.chains import FILE_AGAIN_SECONDS
from gateway.kept_chains import KeptChains

LOOK_SECONDS: Final = 3_600.0

_log = structlog.get_logger("callmark.chains")


async def forget_chains(journal: Path, chains: Path) -> None:
    """For ever: look once an hour."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        forgotten = await asyncio.to_thread(forget_unneeded, journal, chains)
        if forgotten:
            _log.info("chains of calls long gone are forgotten", chains=forgotten)


def forget_unneeded(journal: Path, chains: Path) -> int:
    """Remove every chain that was last used before the oldest call in the journal; how many. Raises OSError.

    A worker hands a chain over again once a day while it is used: one in use is never older than that.
    """
    oldest = oldest_time(journal)
    return 0 if oldest is None else KeptChains(chains).forget_before(oldest - 2 * FILE_AGAIN_SECONDS)
