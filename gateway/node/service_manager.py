"""What the supervisor tells the service manager that started it (sd_notify(3)): its states, and its life.

A datagram with lines of NAME=value on the socket that `NOTIFY_SOCKET` names: no library, and nothing at all
where no service manager asked for it. RELOADING has to carry the monotonic time, or systemd takes the word
for an old one. Nothing here can fail a node: what cannot be told is not told.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Mapping, MutableMapping
from typing import Final

SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE: Final = "WATCHDOG_PID"


class ServiceManager:
    """The other end of `NOTIFY_SOCKET`; without one every word is lost."""

    def __init__(self, address: str = "", *, watchdog_seconds: float = 0.0) -> None:
        """`watchdog_seconds`: after which silence counts as death; 0 where nobody watches."""
        # An abstract socket is written with @ for its leading zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_seconds = watchdog_seconds

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] = os.environ) -> ServiceManager:
        """Take the variables out of the environment: they are for this process, not for its children."""
        address = environment.pop(SOCKET_VARIABLE, "")
        microseconds = environment.pop(WATCHDOG_VARIABLE, "")
        pid = environment.pop(WATCHDOG_PID_VARIABLE, "")
        is_ours = pid in ("", str(os.getpid()))
        is_number = microseconds.isascii() and microseconds.isdigit()
        return cls(address, watchdog_seconds=int(microseconds) / 1e6 if is_number and is_ours else 0.0)

    def heard(self, event: str, fields: Mapping[str, object]) -> None:
        """Tell on what the supervisor reports of itself."""
        match event:
            case "node.ready":
                self.tell(READY="1", STATUS="Answering calls.")
            case "node.reloading":
                now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
                self.tell(RELOADING="1", MONOTONIC_USEC=str(now), STATUS="Reading the configuration.")
            case "node.reloaded" if fields.get("taken"):
                self.tell(READY="1", STATUS=f"Answering calls by generation {fields.get('generation')}.")
            case "node.reloaded":
                words = "The configuration on the disk was refused; answering calls by the last good one."
                self.tell(READY="1", STATUS=words)
            case "node.stopping":
                self.tell(STOPPING="1", STATUS="Letting calls under way end.")

    def tell(self, **words: str) -> None:
        """Send one datagram; never waits."""
        if not self._address:
            return
        message = "\n".join(f"{name}={value}" for name, value in words.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.setblocking(False)  # noqa: FBT003 - the standard library's own form
            end.sendto(message.encode(), self._address)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While the block lasts, say that the loop goes round, twice as often as is asked for."""
        if not self.watchdog_seconds:
            yield
            return
        task = asyncio.create_task(self._keep_saying())
        try:
            yield
        finally:
            task.cancel()

    async def _keep_saying(self) -> None:
        while True:
            self.tell(WATCHDOG="1")
            await asyncio.sleep(self.watchdog_seconds / 2)
