"""A worker's end of the channel: takes connections over and acknowledges each.

A connection is acknowledged (`taken`, `declined`) before a byte is read from it: until then the
supervisor keeps its own copy, so that a worker that dies loses only what it had begun. Decides
nothing about what runs over a connection, and knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Final

from gateway.channel import Channel, ChannelClosed, ChannelError, Received, close_all

LOAD_REPORT_SECONDS: Final = 1.0


class WorkerEnd:
    """A worker's side of the line: connections go to its HTTP server, the rest to its main.

    `protocol_factory` is what `loop.create_server` would be given (aiohttp's `web.Server` is one);
    `open_connections` counts those it has open. Beyond `connection_limit`, or when the process has
    no descriptor left, a connection is declined: the supervisor offers it to another worker.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        open_connections: Callable[[], int],
        connection_limit: int,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._channel = channel
        self._protocol_factory = protocol_factory
        self._open_connections = open_connections
        self._connection_limit = connection_limit
        self._ssl_context = ssl_context
        self._beginning: set[asyncio.Task[None]] = set()
        self._reported = 0

    async def messages(self) -> AsyncIterator[Received]:
        """Yield every message that is no connection; ends when the supervisor has gone.

        Raises ChannelError when the supervisor sends what is no message.
        """
        report = asyncio.create_task(self._report_load())
        try:
            while received := await self._channel.receive():
                if received.kind == "connection":
                    await self._take(received)
                else:
                    yield received
        finally:
            report.cancel()

    def _count(self) -> int:
        return self._open_connections() + len(self._beginning)

    async def _take(self, received: Received) -> None:
        count = self._count()
        if len(received.descriptors) != 1 or count >= self._connection_limit:
            close_all(received.descriptors)
            await self._channel.send({"type": "declined", "open": count})
            return
        connection = socket.socket(fileno=received.descriptors[0])
        self._reported = count + 1
        await self._channel.send({"type": "taken", "open": count + 1})
        task = asyncio.create_task(self._begin(connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(0)
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol_factory, connection, ssl=self._ssl_context
            )
        except OSError:  # a TLS handshake that failed, a peer that left
            connection.close()

    async def _report_load(self) -> None:
        with contextlib.suppress(ChannelClosed):
            while True:
                await asyncio.sleep(LOAD_REPORT_SECONDS)
                if (count := self._count()) != self._reported:
                    self._reported = count
                    await self._channel.send({"type": "open", "open": count})


def ask_for_list(channel: Channel, url: str, issuer: str) -> None:
    """Ask the control process for a revocation list; one that is not heard is asked for again."""
    with contextlib.suppress(ChannelClosed, ChannelError):
        channel.try_send({"type": "list_wanted", "url": url, "issuer": issuer})
