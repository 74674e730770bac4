"""One child process: how it is started and how it is asked to leave.

A child is tied to the supervisor's life (`leash.py`), has a session of its own (a terminal's Ctrl-C
reaches the supervisor alone, which then drains), inherits the descriptors named and nothing else,
and writes to the supervisor's standard error. Restarting is `keeper.py`'s. Linux only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.channel import CHANNEL_VARIABLE, Channel, ChannelClosed

LEASH: Final = Path(__file__).with_name("leash.py")
DRAIN_MARGIN_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to start: `argv[0]` is an absolute path; `env` is added to the supervisor's own."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    has_channel: bool = True
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the supervisor dies. SIGKILL: a child that drains is one that still listens."""


class Child:
    """A running child."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process, channel: Channel | None) -> None:
        self.spec = spec
        self.process = process
        self.channel = channel
        self.started_at = asyncio.get_running_loop().time()

    @property
    def pid(self) -> int:
        """The process id: `leash.py` becomes the program, so it is the program's own."""
        return self.process.pid

    def tell(self, message: Mapping[str, object], descriptors: tuple[int, ...] = ()) -> bool:
        """Send without waiting: False when the child has gone or does not read its channel."""
        try:
            return self.channel is not None and self.channel.try_send(message, descriptors)
        except ChannelClosed:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the child is still there."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def stop(self, *, drain_seconds: float, terminate_seconds: float) -> None:
        """Ask with `{"type": "drain", "seconds": …}`, then SIGTERM, then SIGKILL; returns when it is gone."""
        asked = drain_seconds > 0 and self.tell({"type": "drain", "seconds": drain_seconds})
        if asked and await self._ends_within(drain_seconds + DRAIN_MARGIN_SECONDS):
            return
        self.signal(signal.SIGTERM)
        if not await self._ends_within(terminate_seconds):
            self.signal(signal.SIGKILL)
            await self.process.wait()

    async def _ends_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def spawn(spec: ChildSpec) -> Child:
    """Start a child. Must run in the main thread: the kernel watches the thread that forked.

    Raises OSError when the system cannot start a process.
    """
    environment = {**os.environ, **spec.env}
    descriptors = list(spec.fds)
    channel: Channel | None = None
    with contextlib.ExitStack() as after:
        if spec.has_channel:
            channel, theirs = Channel.pair()
            after.callback(theirs.close)
            descriptors.append(theirs.fileno())
            environment[CHANNEL_VARIABLE] = str(theirs.fileno())
        leash = (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(spec.death_signal)))
        try:
            process = await asyncio.create_subprocess_exec(
                *leash,
                *spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                env=environment,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except BaseException:
            if channel is not None:
                channel.close()
            raise
    return Child(spec, process, channel)
