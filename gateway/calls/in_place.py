"""A request is answered in its connection's task, not in one of its own.

aiohttp gives each request a task. From Python 3.12 on it starts eagerly and costs no turn of the loop; on
3.11 there is no such start, and two turns are a twenty-fifth of a verification. Nothing is lost without the
task: the gateway keeps nothing in context variables, and a connection has one request at a time.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiohttp import web


def answer_in_place(loop: asyncio.AbstractEventLoop) -> None:
    """From now on, on Python 3.11, on this loop."""
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
