"""A switch's connections: aiohttp's own, spared what an ordinary request does not need.

Three things of theirs are a tenth of a verification. A request gets a task; from Python 3.12 on it starts
eagerly and costs no turn of the loop, on 3.11 it costs two, so there it is answered in its connection's task.
Nothing is lost: the gateway keeps nothing in context variables, and a connection has one request at a time.
A body that was read makes the parser look for what it held back, whether or not it held back anything. And an
answer is written at once: those of one turn of the loop are written together at its end here, for between two
calls to the kernel little is left in the processor's caches of what the next call needs.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiohttp import web


class Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_outbox",)

    def __init__(self, server: web.Server, *, outbox: Outbox, **options: Any) -> None:  # noqa: ANN401
        super().__init__(server, **options)
        self._outbox = outbox

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's signature
        """Read on where reading was paused."""
        # What it keeps to itself: where it has another name, reading goes on each time, as aiohttp has it.
        if getattr(self, "_reading_paused", True):
            super().resume_reading(resume_parser)

    def write_soon(self, data: bytes) -> None:
        """Write a whole answer at the end of this turn; at once where another request was read already.

        What follows on the connection, aiohttp's words to a broken request among it, must not overtake it.
        """
        transport = self.transport
        if transport is None:
            return
        if getattr(self, "_messages", True):
            transport.write(data)
        else:
            self._outbox.put(transport, data)


class Outbox:
    """What is to be written at the end of this turn of the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def put(self, transport: asyncio.Transport, data: bytes) -> None:
        """Write it then, unless the connection is lost by then."""
        if not self._waiting:
            self._loop.call_soon(self._write)
        self._waiting.append((transport, data))

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        for transport, data in waiting:
            if not transport.is_closing():
                transport.write(data)


class Connections(web.Server):
    """aiohttp's server of these; `options` are those of its `RequestHandler`."""

    def __init__(self, handler: Any, **options: Any) -> None:  # noqa: ANN401
        """To be made inside the running loop."""
        super().__init__(handler, **options)
        loop = asyncio.get_running_loop()
        self._options = {"loop": loop, "outbox": Outbox(loop), **options}

    def __call__(self) -> web.RequestHandler:
        """Make a connection, for `loop.connect_accepted_socket` and its like."""
        return Connection(self, **self._options)


def answer_in_place(loop: asyncio.AbstractEventLoop) -> None:
    """From now on, on Python 3.11, on this loop requests are answered in their connections' tasks."""
    if sys.version_info < (3, 12):
        # A private method, told by its code: where it has another name, requests are answered all the same.
        handling = getattr(getattr(web.RequestHandler, "_handle_request", None), "__code__", None)
        if handling is None:
            return

        def task_or_coroutine(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:  # noqa: ANN401
            if getattr(coroutine, "cr_code", None) is handling:
                return coroutine
            return asyncio.Task(coroutine, loop=loop, **options)

        loop.set_task_factory(task_or_coroutine)
