"""A cluster as calls see it: a store for each primary, which answers or rests by itself.

A batch's packets go to all primaries at once, and each has the batch's 20 ms for itself: where one is dead,
its partitions are unknown and the others' answers are whole. Which primary has which partition is asked of
the cluster in the background, every two seconds and as soon as anything speaks of a change; a call follows
what is known, and at most one redirection by a server it has a connection to.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping
from typing import Any, Final, Self

from redis.exceptions import RedisError

from gateway.knowledge.cluster import Cluster
from gateway.knowledge.exchange import Exchanged, Redirect, exchange
from gateway.knowledge.keys import PARTITIONS
from gateway.knowledge.packet import Drops, Packet
from gateway.knowledge.servers import OneServer, Server
from gateway.knowledge.store import (
    BATCH_SECONDS,
    QUIET_SECONDS,
    REST_SECONDS,
    Store,
    StoreHealth,
    bounded,
)

BETWEEN_LOOKS_SECONDS: Final = 0.05
"""At least, however many redirections speak of a change."""
START_SECONDS: Final = 1.5


class ClusterStore:
    """One per process; used as `async with open_store(connect(url)) as store`."""

    clustered: Final = True

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stores: dict[str, Store] = {}
        self._of: list[Store | None] = [None] * PARTITIONS
        self._problem = "the cluster was not asked yet"
        self._is_wanted = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._changing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Ask once (a failure is not an error) and keep watch from then on."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await self._look()
                await asyncio.wait(self._changing) if self._changing else None
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop watching and close every connection."""
        # Not by cancelling alone: redis-py may turn that into an error of the connection, which is outlived.
        self._is_closed = True
        self._is_wanted.set()
        tasks = [*self._changing, *([self._keeper] if self._keeper is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(store.close() for store in self._stores.values()))
        await self._cluster.aclose()

    @property
    def resting(self) -> bool:
        """Whether nobody may ask now."""
        return all(store.resting for store in self._stores.values())

    @property
    def takes_writes(self) -> bool:
        """Whether any primary does."""
        return any(store.takes_writes for store in self._stores.values())

    @property
    def health(self) -> StoreHealth:
        """As of now: it answers when all of it does; the age is the oldest."""
        each = {name: store.health for name, store in self._stores.items()}
        problems = [f"{name}: {health.problem}" for name, health in each.items() if health.problem]
        if None in self._of:
            problems.append(
                self._problem or f"{self._of.count(None)} of {PARTITIONS} partitions are nobody's"
            )
        ages = [health.seconds_since_success for health in each.values()]
        known = [age for age in ages if age is not None]
        oldest = max(known) if known and len(known) == len(ages) else None
        return StoreHealth(not problems, oldest, "; ".join(problems)[:200])

    def part(self, partition: int) -> Store | None:
        """Return the store that has this partition; None where nobody is known to."""
        return self._of[partition]

    async def exchange(self, packets: Mapping[int, Packet], drops: Drops) -> set[int]:
        """Send a batch's packets, each to its primary; which were not written. Never raises for a server."""
        due = asyncio.get_running_loop().time() + BATCH_SECONDS
        parts: dict[Store, dict[int, Packet]] = {}
        unwritten = set()
        for partition, packet in packets.items():
            store = self._of[partition]
            if store is None or store.resting:
                unwritten.add(partition)
            else:
                parts.setdefault(store, {})[partition] = packet
        done = await asyncio.gather(*(self._ask(store, part, drops, due) for store, part in parts.items()))
        redirects = [redirect for each in done for redirect in each.redirects]
        if redirects:
            done += await self._follow(redirects, drops, due)
        return unwritten.union(*(each.unwritten for each in done))

    async def _ask(
        self, store: Store, packets: Mapping[int, Packet], drops: Drops, due: float, *, asking: bool = False
    ) -> Exchanged:
        try:
            async with bounded(due - asyncio.get_running_loop().time()):
                today = int(time.time() // 86400)
                done = await exchange(store, packets, drops, today=today, asking=asking)
        except Exception as error:  # noqa: BLE001 - redis-py raises ValueError, IndexError… on garbage replies
            store.failed(error)
            self._is_wanted.set()
            return Exchanged(unwritten=set(packets))
        store.answered()
        return done

    async def _follow(self, redirects: list[Redirect], drops: Drops, due: float) -> list[Exchanged]:
        """Ask where they were sent, once; a server that is not known yet is found by the next look."""
        self._is_wanted.set()
        parts: dict[tuple[Store, bool], dict[int, Packet]] = {}
        lost = Exchanged()
        for each in redirects:
            store = self._stores.get(each.place)
            if not each.asking:
                self._of[each.partition] = store
            if store is None or store.resting:
                lost.unwritten.add(each.partition)
            else:
                parts.setdefault((store, each.asking), {})[each.partition] = each.packet
        done = await asyncio.gather(
            *(self._ask(store, part, drops, due, asking=asking) for (store, asking), part in parts.items())
        )
        for answered in done:
            answered.unwritten |= {redirect.partition for redirect in answered.redirects}
        return [lost, *done]

    async def _look(self) -> None:
        try:
            servers = await self._cluster.look()
        except (RedisError, OSError) as error:
            self._problem = f"{type(error).__name__}: {error}"
            return
        self._problem = ""
        self._take(servers)

    def _take(self, servers: tuple[Server, ...]) -> None:
        """Go by what the cluster said: known primaries go on, new ones begin, others end."""
        named = {server.name: server for server in servers}
        for name in [name for name in self._stores if name not in named]:
            self._begin(self._stores.pop(name).close())
        routes: list[Store | None] = [None] * PARTITIONS
        for name, server in named.items():
            store = self._stores.get(name)
            if store is None:
                store = self._stores[name] = Store(OneServer(server.client))
                self._begin(store.start())
            for partition in server.partitions:
                routes[partition] = store
        self._of = routes

    def _begin(self, change: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(change)
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)

    async def _keep(self) -> None:
        while not self._is_closed:
            await asyncio.sleep(BETWEEN_LOOKS_SECONDS)
            is_whole = not self._problem and not any(store.resting for store in self._stores.values())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(QUIET_SECONDS if is_whole else REST_SECONDS):
                    await self._is_wanted.wait()
            self._is_wanted.clear()
            await self._look()


def open_store(servers: OneServer | Cluster) -> Store | ClusterStore:
    """The store for what `[redis] url` leads to; to be entered."""
    return ClusterStore(servers) if isinstance(servers, Cluster) else Store(servers)
