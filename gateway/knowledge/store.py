"""The connection to one Redis server as calls see it: answering, or resting.

After any failure the store rests: nobody waits for it. A probe, never a call, finds out when it is back:
it makes the connections, loads the functions and only then lets calls ask again. While all is quiet it
looks every two seconds, so that health is true without traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from hiredis import pack_command
from redis.exceptions import ResponseError

from gateway.knowledge.exchange import exchange
from gateway.knowledge.library import LIBRARY, load
from gateway.knowledge.packet import Drops, Packet
from gateway.knowledge.servers import OneServer, Untyped

BATCH_SECONDS: Final = 0.020
LANES: Final = 2
"""Batches in flight at most, and connections the probe warms for them."""
REST_SECONDS: Final = 0.25
PROBE_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 2.0


LATE_SECONDS: Final = 0.002
GRACE_SECONDS: Final = 0.005


class StoreError(Exception):
    """Redis did not answer in time (the store then rests) or refused this one command."""


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """For readiness and metrics."""

    answering: bool
    seconds_since_success: float | None
    """None before the first answer."""
    problem: str
    """The last failure's words while it rests, else empty."""


class bounded:  # noqa: N801 - used as `asyncio.timeout` is
    """`asyncio.timeout` that does not take our own stall for the server's.

    A loop that was held up finds the timer and the reply due in the same turn, and the timer would win:
    a late timer gives the reply one moment to be read.
    """

    __slots__ = ("_bound", "_due", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bound = asyncio.timeout(None)
        await self._bound.__aenter__()
        self._due = self._loop.time() + self._seconds
        self._timer = self._loop.call_at(self._due, self._end)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        await self._bound.__aexit__(kind, error, traceback)

    def _end(self) -> None:
        now = self._loop.time()
        self._bound.reschedule(now + (GRACE_SECONDS if now - self._due > LATE_SECONDS else 0))


class Store:
    """One per server and process; used as `async with open_store(connect(url)) as store`."""

    clustered: Final = False

    def __init__(self, server: OneServer) -> None:
        self.client = server.client
        self.failures = 0
        self._server = server
        self._no_writes_until = 0.0
        self._problem = "not asked yet"
        self._last_success: float | None = None
        self._rest_until = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._is_closed = False
        self._place: tuple[str, int] | None = None
        """Where sentinels say that the primary is."""
        self._kept: list[Untyped] = []
        """Connections between two uses of `ask_all`; as many as there are lanes."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Probe once (at most a second; a failure is not an error) and keep watch from then on."""
        await self._probe()
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop watching and close every connection."""
        # Not by cancelling alone: redis-py may turn that into an error of the connection, which is outlived.
        self._is_closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._server.aclose()

    @property
    def resting(self) -> bool:
        """Whether nobody may ask now."""
        return bool(self._problem)

    @property
    def takes_writes(self) -> bool:
        """Whether what a batch writes is to be tried: not while it rests, nor soon after a refusal."""
        return not self._problem and time.monotonic() >= self._no_writes_until

    def refuse_writes(self) -> None:
        """Note that the server is a replica, or full: it is only read from for a while."""
        self._no_writes_until = time.monotonic() + REST_SECONDS

    def part(self, partition: int) -> Store | None:
        """Return the store that has this partition: a server alone has all."""
        del partition
        return self

    @property
    def health(self) -> StoreHealth:
        """As of now."""
        age = None if self._last_success is None else time.monotonic() - self._last_success
        return StoreHealth(not self._problem, age, self._problem)

    def answered(self) -> None:
        """Note that a command was answered."""
        self._last_success = time.monotonic()

    def failed(self, error: BaseException) -> None:
        """Rest: a command was not answered."""
        self.failures += 1
        self._problem = f"{type(error).__name__}: {error}"[:200]
        self._rest_until = time.monotonic() + REST_SECONDS

    async def run(self, command: Awaitable[Untyped], *, within_seconds: float) -> Untyped:
        """Return the reply of one command, or StoreError; never later than `within_seconds` and a grace."""
        try:
            async with bounded(within_seconds):
                reply = await command
        except ResponseError as error:
            # It answers: a refused command (another type under the key, no memory) is no outage.
            raise StoreError(str(error)) from error
        except Exception as error:
            self.failed(error)
            raise StoreError(str(error)) from error
        self.answered()
        return reply

    async def exchange(self, packets: Mapping[int, Packet], drops: Drops) -> set[int]:
        """Send a batch's packets and read their answers, within its time; which were not written.

        Raises whatever made the store rest.
        """
        try:
            async with bounded(BATCH_SECONDS):
                done = await exchange(self, packets, drops, today=int(time.time() // 86400))
            if done.redirects:
                raise ResponseError(
                    f"the server is a cluster's and sends us to {done.redirects[0].place}: "
                    "[redis] url must begin with redis+cluster://"
                )
        except Exception as error:
            self.failed(error)
            raise
        self.answered()
        return done.unwritten

    async def ask_all(self, commands: Sequence[Sequence[str | int]], /) -> list[Untyped]:
        """Return the replies of these commands, ResponseErrors too, on a connection kept for this purpose.

        redis-py's own road for a command (pool, retry, callbacks) costs as much again as sending it. A
        connection left in the middle of a reply is closed, never used again. To be called within `bounded`:
        there is no other limit on its time. Raises as redis-py does where the connection fails.
        """
        packed = b"".join(map(pack_command, commands))  # type: ignore[arg-type]  # its stub: a tuple of any length
        if self._kept:
            connection = self._kept.pop()
        else:
            connection = await self.client.connection_pool.get_connection()
            # The caller's own bound ends a wait; redis-py's would cost a task for each command.
            connection.socket_timeout = None
        replies: list[Untyped] = []
        try:
            await connection.send_packed_command(packed)
            for _ in commands:
                try:
                    replies.append(await connection.read_response())
                except ResponseError as refusal:
                    replies.append(refusal)
        except BaseException:
            await connection.disconnect(nowait=True)
            await self.client.connection_pool.release(connection)
            raise
        self._kept.append(connection)
        return replies

    async def eviction_problem(self) -> str:
        """Say why the server may silently forget numbers, or ''. For the start and for `doctor`.

        A partition's mark would stay while its numbers are evicted, and *unknown* would become *clean*.
        Raises StoreError.
        """
        memory = await self.run(self.client.execute_command("INFO", "memory"), within_seconds=PROBE_SECONDS)
        policy = memory.get("maxmemory_policy") if isinstance(memory, dict) else None
        if policy in (None, "noeviction"):
            return ""
        return f"Redis has maxmemory-policy {policy}: it would forget numbers unnoticed; set noeviction"

    async def load_functions(self) -> None:
        """Load functions.lua where the server lacks it. Raises what redis-py raises."""
        if not await self.client.execute_command("FUNCTION LIST", "LIBRARYNAME", LIBRARY):
            await load(self.client)

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._follow_primary()
                # One at a time would warm the same connection twice.
                await asyncio.gather(*(self.load_functions() for _ in range(LANES)))
        except Exception as error:  # noqa: BLE001 - garbage replies make redis-py raise ValueError, IndexError…
            self.failed(error)
        else:
            self._problem = ""
            self.answered()

    async def _follow_primary(self) -> None:
        """Behind sentinels, leave a server that is the primary no more, though it answers."""
        if self._server.address is None:
            return
        place = await self._server.address()
        if place != self._place:
            self._place = place
            left, self._kept = self._kept, []
            for connection in left:
                await connection.disconnect(nowait=True)
                await self.client.connection_pool.release(connection)

    async def _keep(self) -> None:
        while not self._is_closed:
            now = time.monotonic()
            due = self._rest_until if self._problem else (self._last_success or now) + QUIET_SECONDS
            if now >= due:
                await self._probe()
            # A rest begins while this sleeps, so it never sleeps longer than a rest lasts.
            await asyncio.sleep(min(max(due - now, 0.01), REST_SECONDS))
