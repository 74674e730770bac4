"""A reload: read, build whole, announce, taken by every worker or by none.

The order: read and judge the files; write the bundle; let `current` name it; announce; wait for each
worker's word. Where one refuses, the generation before is announced again, so that no two workers go on
answering by different rules. The trust part goes back with it here, as nobody has used it alone yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.channel import Channel
from gateway.control.files import Configuration, read_configuration
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings
from gateway.generations import BundleStore, CurrentGeneration

CONFIRM_SECONDS: Final = 15.0

_log = structlog.get_logger("callmark.reload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What became of a reload."""

    taken: bool
    number: int
    """Of the generation that is in force now."""
    digest: str
    milliseconds: Mapping[str, float]
    """By phase: read, write, workers."""
    workers: Sequence[Mapping[str, Any]]
    """Each worker's slot, state and words."""
    problems: Sequence[Problem] = ()
    needs_restart: Sequence[str] = ()
    """Sections of gateway.toml that changed and wait for the next start."""
    unchanged: bool = False


class Reloader:
    """One per control process; one reload at a time."""

    def __init__(
        self, *, directory: Path, environment: Mapping[str, str], settings: Settings, channel: Channel
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._settings = settings
        self._channel = channel
        self._store = BundleStore(Path(settings.data.directory))
        self._turn = asyncio.Lock()
        self._confirmations: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.configuration: Configuration | None = None
        self.last: Reloaded | None = None

    def begin(self) -> Configuration | list[Problem]:
        """Make the first generation, or find that the last good one must do; before any worker runs."""
        read = read_configuration(self._directory, self._environment)
        before = self._store.read_current()
        if isinstance(read, list):
            return read
        digest = self._store.write(read.texts)
        key_file = read.settings.signing.key_file
        if before is None or (before.digest, before.key_file) != (digest, key_file):
            number = 1 if before is None else before.number + 1
            self._store.make_current(CurrentGeneration(number, digest, key_file))
        self.configuration = read
        return read

    @property
    def current(self) -> CurrentGeneration | None:
        """What restarted workers would begin with."""
        return self._store.read_current()

    def confirmed(self, message: Mapping[str, Any]) -> None:
        """Take the supervisor's word on an announcement."""
        self._confirmations.put_nowait(message)

    async def reload(self) -> Reloaded:
        """Carry out one reload."""
        async with self._turn:
            self.last = await self._reload()
            return self.last

    async def _reload(self) -> Reloaded:
        before = self._store.read_current()
        number, digest = (0, "") if before is None else (before.number, before.digest)
        times: dict[str, float] = {}
        began = time.perf_counter()
        read = await asyncio.to_thread(read_configuration, self._directory, self._environment)
        times["read"] = _since(began)
        if isinstance(read, list):
            _log.warning("reload refused", problems=[str(problem) for problem in read])
            return Reloaded(
                taken=False, number=number, digest=digest, milliseconds=times, workers=(), problems=read
            )
        began = time.perf_counter()
        new_digest = await asyncio.to_thread(self._store.write, read.texts)
        candidate = CurrentGeneration(number + 1, new_digest, read.settings.signing.key_file)
        restart = _needs_restart(self._settings, read.settings)
        if before is not None and (before.digest, before.key_file) == (new_digest, candidate.key_file):
            return Reloaded(
                taken=True,
                number=number,
                digest=digest,
                milliseconds=times,
                workers=(),
                needs_restart=restart,
                unchanged=True,
            )
        self._store.make_current(candidate)
        times["write"] = _since(began)
        began = time.perf_counter()
        workers = await self._announce(candidate)
        times["workers"] = _since(began)
        refused = [worker for worker in workers if worker.get("state") == "refused"]
        if refused and before is not None:
            self._store.make_current(before)
            await self._announce(before)
            problems = [
                Problem("gateway.toml", None, "", f"worker {worker.get('slot')} refused: {worker.get('why')}")
                for worker in refused
            ]
            _log.warning("reload refused", problems=[str(problem) for problem in problems])
            return Reloaded(
                taken=False,
                number=number,
                digest=digest,
                milliseconds=times,
                workers=workers,
                problems=problems,
            )
        self.configuration = read
        _log.info("reloaded", generation=candidate.number, digest=new_digest[:12], milliseconds=times)
        return Reloaded(
            taken=True,
            number=candidate.number,
            digest=new_digest,
            milliseconds=times,
            workers=workers,
            needs_restart=restart,
        )

    async def _announce(self, generation: CurrentGeneration) -> Sequence[Mapping[str, Any]]:
        while not self._confirmations.empty():
            self._confirmations.get_nowait()
        await self._channel.send({"type": "announce", "number": generation.number, "hash": generation.digest})
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                while True:
                    message = await self._confirmations.get()
                    if message.get("hash") == generation.digest:
                        return list(message.get("workers", ()))
        except TimeoutError:
            return ({"slot": None, "state": "silent", "why": "the supervisor did not answer"},)


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)


def _needs_restart(running: Settings, read: Settings) -> list[str]:
    """Sections other than [signing] and [trust], which are read with each generation."""
    reloadable = {"signing", "trust"}
    return [
        f"[{name}]"
        for name in Settings.model_fields
        if name not in reloadable and getattr(running, name) != getattr(read, name)
    ]
