"""Streams of server-sent events: few, short, and never a backlog.

Each event is the whole of what is to be shown, so that a reader that missed some has missed nothing; one that
does not read in time is dropped. A stream ends by itself after a while: the browser asks again, and is let in
anew or not.

Source: WHATWG HTML, "Server-sent events".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from gateway.web.problems import Problem

MOST_STREAMS: Final = 32
"""At one node; every one costs the rendering of what it shows."""
MOST_OF_ONE: Final = 4
"""Of one token or person: nobody takes all of them from the others."""
STREAM_SECONDS: Final = 60.0
"""After this the reader has to come in again: a token or session that ended shows nothing for longer."""
SLOW_SECONDS: Final = 5.0
RETRY_MS: Final = 2000


class Streams:
    """Those that are open; one per control process."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._open: dict[asyncio.Task[object], str] = {}
        """By stream, whose it is."""

    def __len__(self) -> int:
        return len(self._open)

    async def serve(
        self,
        request: web.Request,
        event: Callable[[], Awaitable[bytes]],
        *,
        actor: str,
        every_seconds: float,
    ) -> web.StreamResponse:
        """Send what `event` gives, one line of JSON, again and again. Raises Problem: too many are open."""
        task = asyncio.current_task()
        of_one = sum(each == actor for each in self._open.values())
        if task is None or len(self._open) >= self._most or of_one >= MOST_OF_ONE:
            raise Problem(
                429, "too-often", "Too many pages follow the figures.", headers={"Retry-After": "10"}
            )
        response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        self._open[task] = actor
        try:
            await response.prepare(request)
            await self._send(request, response, event, every_seconds)
        finally:
            del self._open[task]
        return response

    async def _send(
        self,
        request: web.Request,
        response: web.StreamResponse,
        event: Callable[[], Awaitable[bytes]],
        every_seconds: float,
    ) -> None:
        end = time.monotonic() + STREAM_SECONDS
        first = f"retry: {RETRY_MS}\n".encode()
        while time.monotonic() < end:
            line = await event()
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    await response.write(first + b"data: " + line + b"\n\n")
            except (TimeoutError, ConnectionError):
                if request.transport is not None:
                    request.transport.abort()
                return
            first = b""
            await asyncio.sleep(every_seconds)

    async def close(self) -> None:
        """End every one: the process is stopping."""
        streams = list(self._open)
        for task in streams:
            task.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
