"""The connection to Redis as calls see it: answering, or resting.

After any failure the store rests: nobody waits for it. A probe, never a call, finds out when it is back:
it makes the connections, loads the functions and only then lets calls ask again. While all is quiet it
looks every two seconds, so that health is true without traffic.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, Final, Self

from hiredis import pack_command
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import ResponseError

from gateway.knowledge.connect import Client, Connected, Untyped
from gateway.knowledge.library import LIBRARY, SOURCE

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


@contextlib.asynccontextmanager
async def bounded(seconds: float) -> AsyncIterator[None]:
    """`asyncio.timeout` that does not take our own stall for the server's.

    A loop that was held up finds the timer and the reply due in the same turn, and the timer would win:
    a late timer gives the reply one moment to be read.
    """
    loop = asyncio.get_running_loop()
    due = loop.time() + seconds
    async with asyncio.timeout(None) as bound:

        def end() -> None:
            late = loop.time() - due > LATE_SECONDS
            bound.reschedule(loop.time() + (GRACE_SECONDS if late else 0))

        timer = loop.call_at(due, end)
        try:
            yield
        finally:
            timer.cancel()


class Store:
    """One per process; used as `async with Store(connect(url)) as store`."""

    def __init__(self, connected: Connected) -> None:
        self.client: Client = connected.client
        self.clustered = connected.clustered
        self.failures = 0
        self._problem = "not asked yet"
        self._last_success: float | None = None
        self._rest_until = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._kept: list[Untyped] = []
        """Connections between two commands of `ask_one`; as many as there are lanes."""

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
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self.client.aclose()

    @property
    def resting(self) -> bool:
        """Whether nobody may ask now."""
        return bool(self._problem)

    @property
    def health(self) -> StoreHealth:
        """As of now."""
        age = None if self._last_success is None else asyncio.get_running_loop().time() - self._last_success
        return StoreHealth(not self._problem, age, self._problem)

    def answered(self) -> None:
        """Note that a command was answered."""
        self._last_success = asyncio.get_running_loop().time()

    def failed(self, error: BaseException) -> None:
        """Rest: a command was not answered."""
        self.failures += 1
        self._problem = f"{type(error).__name__}: {error}"[:200]
        self._rest_until = asyncio.get_running_loop().time() + REST_SECONDS

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

    async def ask_one(self, *command: str | int) -> Untyped:
        """Return the reply of one command on a connection that is kept for this purpose.

        redis-py's own road for a command (pool, retry, callbacks) costs as much again as sending it. A
        connection left in the middle of a reply is closed, never used again. To be called within `bounded`:
        there is no other limit on its time. Raises as redis-py does.
        """
        pool = getattr(self.client, "connection_pool", None)
        if pool is None:
            return await self.client.execute_command(*command)
        packed: bytes = pack_command(command)  # type: ignore[arg-type]  # its stub means a tuple of any length
        if self._kept:
            connection = self._kept.pop()
        else:
            connection = await pool.get_connection()
            # The caller's own bound ends a wait; redis-py's would cost a task for each command.
            connection.socket_timeout = None
        try:
            await connection.send_packed_command(packed)
            reply = await connection.read_response()
        except ResponseError:
            self._kept.append(connection)
            raise
        except BaseException:
            await connection.disconnect(nowait=True)
            await pool.release(connection)
            raise
        self._kept.append(connection)
        return reply

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
        everywhere: dict[str, Any] = {"target_nodes": RedisCluster.PRIMARIES} if self.clustered else {}
        found = await self.client.execute_command("FUNCTION LIST", "LIBRARYNAME", LIBRARY, **everywhere)
        missing = not all(found.values()) if isinstance(found, dict) else not found
        if missing:
            await self.client.execute_command("FUNCTION LOAD", "REPLACE", SOURCE, **everywhere)

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                # One at a time would warm the same connection twice.
                await asyncio.gather(*(self.load_functions() for _ in range(LANES)))
        except Exception as error:  # noqa: BLE001 - garbage replies make redis-py raise ValueError, IndexError…
            self.failed(error)
        else:
            self._problem = ""
            self.answered()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            due = self._rest_until if self._problem else (self._last_success or now) + QUIET_SECONDS
            if now >= due:
                await self._probe()
            # A rest begins while this sleeps, so it never sleeps longer than a rest lasts.
            await asyncio.sleep(min(max(due - now, 0.01), REST_SECONDS))
