"""A switch's connections: aiohttp's own, spared what an ordinary request does not need.

Two things of theirs are a twentieth of a verification. A request gets a task; from Python 3.12 on it starts
eagerly and costs no turn of the loop, on 3.11 it costs two, so there it is answered in its connection's task.
Nothing is lost: the gateway keeps nothing in context variables, and a connection has one request at a time.
And a body that was read makes the parser look for what it held back, whether or not it held back anything.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiohttp import web


class Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's signature
        """Read on where reading was paused."""
        # What it keeps to itself: where it has another name, reading goes on each time, as aiohttp has it.
        if getattr(self, "_reading_paused", True):
            super().resume_reading(resume_parser)


class Connections(web.Server):
    """aiohttp's server of these; `options` are those of its `RequestHandler`."""

    def __init__(self, handler: Any, **options: Any) -> None:  # noqa: ANN401
        """To be made inside the running loop."""
        super().__init__(handler, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        """Make a connection, for `loop.connect_accepted_socket` and its like."""
        return Connection(self, loop=asyncio.get_running_loop(), **self._options)


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
