"""How a generation comes into force: `current` names it, all workers are told, and each gives its word.

Where one refuses, or says nothing, the generation before is announced again, so that no two workers go on
answering by different rules; one that wakes late finds both announcements and ends with the older. A worker
that is only starting, or is just being replaced, reads `current` by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from gateway.channel import Channel
from gateway.control.reloading.reloaded import timed
from gateway.generations import BundleStore, CurrentGeneration

CONFIRM_SECONDS: Final = 15.0
"""Longer than the supervisor gives the workers: this is for a supervisor that does not answer."""
BACK_SECONDS: Final = 1.0
"""Those that took it go back in milliseconds; one that hangs has held this up once already."""

Workers = Sequence[Mapping[str, Any]]

_log = structlog.get_logger("callmark.reload")


class Announcer:
    """One per control process; whoever announces takes turns."""

    def __init__(self, channel: Channel, store: BundleStore) -> None:
        self._channel = channel
        self._store = store
        self._confirmations: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.workers: Workers = ()
        """Each seat as the supervisor last described it."""

    def confirmed(self, message: Mapping[str, Any]) -> None:
        """Take the supervisor's word on an announcement."""
        self._confirmations.put_nowait(message)

    def strays(self, current: CurrentGeneration | None) -> Workers:
        """The workers that answer by another generation than this one."""
        digest = None if current is None else current.digest
        return [each for each in self.workers if each.get("state") == "ready" and each.get("hash") != digest]

    async def gather_strays(self, current: CurrentGeneration | None) -> None:
        """Announce what is in force to workers that never heard of it.

        So it is after a control process was killed between naming a generation and announcing it.
        """
        if current is not None and self.strays(current):
            workers = await self._announce(current, CONFIRM_SECONDS)
            _log.warning("announced again", generation=current.number, workers=workers)

    async def put_in_force(
        self, candidate: CurrentGeneration, before: CurrentGeneration | None, times: dict[str, float]
    ) -> tuple[Workers, Workers]:
        """Announce it; all workers as they stand, and those that did not take it: then all go back."""
        with timed(times, "workers"):
            await asyncio.to_thread(self._store.make_current, candidate)
            workers = await self._announce(candidate, CONFIRM_SECONDS)
        troubles = [each for each in workers if each.get("state") in {"refused", "silent"}]
        if troubles and before is not None:
            with timed(times, "back"):
                await asyncio.to_thread(self._store.make_current, before)
                await self._announce(before, BACK_SECONDS)
        return workers, troubles

    async def _announce(self, generation: CurrentGeneration, within_seconds: float) -> Workers:
        while not self._confirmations.empty():
            self._confirmations.get_nowait()
        await self._channel.send({"type": "announce", "number": generation.number, "hash": generation.digest})
        try:
            async with asyncio.timeout(within_seconds):
                while True:
                    message = await self._confirmations.get()
                    if (message.get("number"), message.get("hash")) == (generation.number, generation.digest):
                        return list(message.get("workers", ()))
        except TimeoutError:
            return ({"slot": None, "pid": None, "state": "silent", "why": "the supervisor did not answer"},)
