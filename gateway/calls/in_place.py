"""A request is answered in its connection's task, not in one of its own.

aiohttp gives each request a task. From Python 3.12 on it starts eagerly and costs no turn of the loop; on
3.11 there is no such start, and two turns are a twenty-fifth of a verification. Nothing is lost without the
task: the gateway keeps nothing in context variables, and a connection has one request at a time.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from aiohttp import web

_HANDLING: Final = web.RequestHandler._handle_request.__code__  # noqa: SLF001 - told by its code


def answer_in_place(loop: asyncio.AbstractEventLoop) -> None:
    """From now on, on Python 3.11, on this loop."""
    if sys.version_info < (3, 12):
        loop.set_task_factory(_task_or_coroutine)


def _task_or_coroutine(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:  # noqa: ANN401
    if getattr(coroutine, "cr_code", None) is _HANDLING:
        return coroutine
    return asyncio.Task(coroutine, loop=loop, **options)
