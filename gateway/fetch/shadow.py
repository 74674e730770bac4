"""A trial's shadow: the secsipidx that answered until now, asked what the gateway is asked.

The operator names its address, so it is no stranger's: private addresses are allowed, redirects are not
followed. No call waits longer for it than `timeout_ms`; one that fails is left alone for a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import aiohttp

from gateway.generation.shadow_settings import ShadowTable

MOST_AT_ONCE: Final = 100
"""Questions on their way from one worker; of further ones nothing is asked."""
LONGEST_ANSWER: Final = 65_536
REST_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class OldAnswer:
    """What secsipidx said."""

    is_ok: bool
    """Status 200; whatever else it answers, it has failed."""
    text: str


class Shadow:
    """One worker's. Made within a running loop."""

    def __init__(self, url: str, *, timeout_ms: int) -> None:
        self._url = url.rstrip("/")
        self._loop = asyncio.get_running_loop()
        self._rests_until = 0.0
        self._on_their_way = 0
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MOST_AT_ONCE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=timeout_ms / 1000),
        )

    async def ask(self, path: str, body: bytes) -> OldAnswer | None:
        """Ask it; None when it does not answer in time. Never raises."""
        if self._loop.time() < self._rests_until or self._on_their_way >= MOST_AT_ONCE:
            return None
        self._on_their_way += 1
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            async with self._session.post(
                self._url + path, data=body, headers=headers, allow_redirects=False
            ) as response:
                text = await response.content.read(LONGEST_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self._rests_until = self._loop.time() + REST_SECONDS
            return None
        finally:
            self._on_their_way -= 1
        return OldAnswer(response.status == 200, text.decode("ascii", "replace"))

    async def close(self) -> None:
        """Give up what is on its way."""
        await self._session.close()


@contextlib.asynccontextmanager
async def open_shadow(settings: ShadowTable) -> AsyncIterator[Shadow | None]:
    """The shadow that `[shadow]` names, if it names one."""
    if settings.secsipidx_url is None:
        yield None
        return
    shadow = Shadow(settings.secsipidx_url, timeout_ms=settings.timeout_ms)
    try:
        yield shadow
    finally:
        await shadow.close()
