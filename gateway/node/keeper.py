"""Keeps one child alive: starts it, listens to it, starts it again when it dies.

The first restart is immediate; one that dies young is started again after a growing pause, at most
`LONGEST_PAUSE_SECONDS`. What its messages mean is the supervisor's business.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.channel import ChannelError, Received, close_all
from gateway.node.child import Child, ChildSpec, spawn

FIRST_PAUSE_SECONDS: Final = 0.25
LONGEST_PAUSE_SECONDS: Final = 5.0
GROWN_UP_SECONDS: Final = 5.0
LAST_WORDS_SECONDS: Final = 1.0

Report = Callable[..., None]
"""`report(event, **fields)`: what happened, for the log."""


class Backoff:
    """How long to wait before the next start."""

    def __init__(self) -> None:
        self._pause_seconds = 0.0

    def next_pause_seconds(self, lived_seconds: float) -> float:
        """Return 0 after a first death or a long life, else a pause that doubles up to the longest."""
        if lived_seconds >= GROWN_UP_SECONDS:
            self._pause_seconds = 0.0
        pause_seconds = self._pause_seconds
        self._pause_seconds = min(max(FIRST_PAUSE_SECONDS, 2 * pause_seconds), LONGEST_PAUSE_SECONDS)
        return pause_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom to tell. `ended` is called once for each `started`, with the return code (negative: a signal)."""

    started: Callable[[Child], None]
    received: Callable[[Child, Received], None]
    ended: Callable[[Child, int], None]


class Keeper:
    """One child, kept alive from `start` to `stop`."""

    def __init__(self, spec: ChildSpec, watch: Watch, report: Report) -> None:
        self.spec = spec
        self.child: Child | None = None
        self.starts = 0
        self._watch = watch
        self._report = report
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to keep the child."""
        self._task = asyncio.create_task(self._keep(), name=f"keeper of {self.spec.name}")

    def tell(self, message: dict[str, object]) -> bool:
        """Send to the child that is there now: False when there is none or it does not read."""
        return self.child is not None and self.child.tell(message)

    async def stop(self, *, drain_seconds: float, terminate_seconds: float) -> None:
        """Let the child leave (`Child.stop`) and keep it no longer."""
        self._stopping.set()
        if self.child is not None:
            await self.child.stop(drain_seconds=drain_seconds, terminate_seconds=terminate_seconds)
        if self._task is not None:
            await self._task

    def kill(self) -> None:
        """End the child now. `stop` still has to be awaited."""
        self._stopping.set()
        if self.child is not None:
            self.child.signal(signal.SIGKILL)

    async def _keep(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            lived_seconds = 0.0
            try:
                lived_seconds = await self._live(await spawn(self.spec))
            except OSError as problem:
                self._report("child.not_started", child=self.spec.name, problem=str(problem))
            pause_seconds = backoff.next_pause_seconds(lived_seconds)
            if pause_seconds and not self._stopping.is_set():
                self._report("child.paused", child=self.spec.name, seconds=pause_seconds)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause_seconds)

    async def _live(self, child: Child) -> float:
        self.child = child
        self.starts += 1
        self._report("child.started", child=self.spec.name, pid=child.pid)
        if self._stopping.is_set():
            child.signal(signal.SIGKILL)
        self._watch.started(child)
        listening = asyncio.create_task(self._listen(child))
        code = await child.process.wait()
        # What the child said last is still on the line; only a stranger holding its end delays its close.
        await asyncio.wait([listening], timeout=LAST_WORDS_SECONDS)
        if child.channel is not None:
            child.channel.close()
        await listening
        self.child = None
        lived_seconds = asyncio.get_running_loop().time() - child.started_at
        self._report("child.ended", child=self.spec.name, pid=child.pid, status=code)
        self._watch.ended(child, code)
        return lived_seconds

    async def _listen(self, child: Child) -> None:
        while child.channel is not None:
            try:
                received = await child.channel.receive()
                if received is None:
                    return
                close_all(received.descriptors)
                self._watch.received(child, received)
            except (ChannelError, OSError) as problem:
                self._report("child.talks_nonsense", child=self.spec.name, problem=str(problem))
                child.signal(signal.SIGKILL)
                return
