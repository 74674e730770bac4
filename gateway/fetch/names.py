"""Looking up the names of strangers' servers without anybody else waiting for it.

getaddrinfo blocks for seconds when DNS is dead, and the loops' own look-ups share few threads (uvloop
four, asyncio six on two cores) with everything else the process does, Redis's reconnect included. A hostile
call naming slow zones must not hold those: each look-up here has a thread of its own, their number is
bounded, and one too many is refused at once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

MOST_LOOKUPS: Final = 64
"""Twice the connections a process may have (`hosts.py`): a look-up goes on after its fetch has given up."""


class NameResolver(AbstractResolver):
    """A resolver for aiohttp over bounded threads that end with the process."""

    def __init__(self) -> None:
        self._lookups = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of the host, as getaddrinfo orders them; OSError where there is none."""
        if self._lookups >= MOST_LOOKUPS:
            raise OSError("too many name look-ups are under way")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[ResolveResult]] = loop.create_future()
        self._lookups += 1
        # Daemon threads, not an executor: an executor is joined at exit, and a dead DNS would hold the stop.
        threading.Thread(
            target=self._look_up,
            args=(loop, done, host, port, family),
            name="certificate host look-up",
            daemon=True,
        ).start()
        return await done

    async def close(self) -> None:
        """Nothing to give back: what still looks up ends by itself and finds nobody waiting."""

    def _look_up(
        self,
        loop: asyncio.AbstractEventLoop,
        done: asyncio.Future[list[ResolveResult]],
        host: str,
        port: int,
        family: socket.AddressFamily,
    ) -> None:
        found: list[ResolveResult] | OSError
        try:
            found = [
                _result(host, port, answer)
                for answer in socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
            ]
        except OSError as error:
            found = error
        except UnicodeError:
            # getaddrinfo encodes the name as IDNA first: an empty or overlong label fails there.
            found = OSError("not a host name")
        with suppress(RuntimeError):  # the loop is closed: the process stops
            loop.call_soon_threadsafe(self._answer, done, found)

    def _answer(
        self, done: asyncio.Future[list[ResolveResult]], found: list[ResolveResult] | OSError
    ) -> None:
        self._lookups -= 1
        if done.done():
            return
        if isinstance(found, OSError):
            done.set_exception(found)
        else:
            done.set_result(found)


def _result(
    host: str,
    port: int,
    answer: tuple[
        socket.AddressFamily,
        socket.SocketKind,
        int,
        str,
        tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
    ],
) -> ResolveResult:
    family, _, proto, _, address = answer
    return ResolveResult(
        hostname=host,
        host=str(address[0]),
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
