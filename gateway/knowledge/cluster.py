"""A Redis or Valkey cluster: which primary has which partition, by the word of any of its nodes.

Asked in the background only. A view may be old (a primary that was away believes for a moment that it still
is one): the servers' own MOVED corrects it, and the next look.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from redis.crc import key_slot
from redis.exceptions import RedisError

from gateway.knowledge.keys import PARTITIONS, tag_of
from gateway.knowledge.servers import Client, Server, Untyped

Address: TypeAlias = tuple[str, int]
NODE_SECONDS: Final = 0.5
"""For one node's view; the next is asked after it."""
SLOT_OF: Final = tuple(key_slot(tag_of(partition).encode()) for partition in range(PARTITIONS))


class Cluster:
    """Made inside the running loop by `connect`; one client for each primary, kept while it is one."""

    clustered: Final = True

    def __init__(self, seeds: Sequence[Address], client: Callable[[str, int], Client]) -> None:
        """`seeds` are the nodes of the URL; `client` makes a client without connecting it."""
        self._seeds = tuple(seeds)
        self._make = client
        self._clients: dict[Address, Client] = {}
        self._others: dict[Address, Client] = {}
        """Of replicas and seeds, which are asked for their view only."""
        self._known: tuple[Address, ...] = ()
        self._turn = asyncio.Lock()

    async def look(self) -> tuple[Server, ...]:
        """Ask one node after the other until one answers. RedisError or OSError where none does."""
        async with self._turn:
            problem: Exception = RedisError("the cluster has no nodes")
            places = tuple(dict.fromkeys((*self._known, *self._seeds)))
            for place in places:
                try:
                    async with asyncio.timeout(NODE_SECONDS):
                        slots = await self._client(place).execute_command("CLUSTER SLOTS")
                    primaries, others = read_slots(slots, asked=place[0])
                except (RedisError, OSError, TimeoutError, ValueError, TypeError, IndexError) as error:
                    problem = error
                    continue
                # The next look begins with another node: no view is believed for long.
                first = [each for each in (*primaries, *others) if each != place]
                self._known = (*first, place)
                return await self._servers(primaries)
            if isinstance(problem, RedisError | OSError):
                raise problem
            raise RedisError(f"no node of the cluster gave its slots: {problem}")

    async def aclose(self) -> None:
        """Close all connections."""
        clients = [*self._clients.values(), *self._others.values()]
        self._clients, self._others = {}, {}
        await asyncio.gather(*(each.aclose() for each in clients), return_exceptions=True)

    def _client(self, place: Address) -> Client:
        known = self._clients.get(place) or self._others.get(place)
        if known is None:
            known = self._others[place] = self._make(*place)
        return known

    async def _servers(self, primaries: Mapping[Address, frozenset[int]]) -> tuple[Server, ...]:
        for place in primaries:
            self._clients[place] = self._client(place)
            self._others.pop(place, None)
        gone = [self._clients.pop(place) for place in set(self._clients) - set(primaries)]
        gone += [self._others.pop(place) for place in set(self._others) - {*self._known, *self._seeds}]
        await asyncio.gather(*(each.aclose() for each in gone), return_exceptions=True)
        return tuple(
            Server(name_of(place), self._clients[place], partitions)
            for place, partitions in sorted(primaries.items())
        )


def name_of(place: Address) -> str:
    """`host:port`, as MOVED writes it."""
    return f"{place[0]}:{place[1]}"


def read_slots(slots: Untyped, *, asked: str) -> tuple[dict[Address, frozenset[int]], list[Address]]:
    """Read the reply of CLUSTER SLOTS: the primaries with their partitions, and the replicas.

    A node that does not know its own name has the one it was `asked` by. ValueError, TypeError or IndexError
    for what is no such reply.
    """
    ranges = sorted(
        (int(found[0]), int(found[1]), [_place(each, asked) for each in found[2:]]) for found in slots
    )
    starts = [first for first, _, _ in ranges]
    owned: dict[Address, set[int]] = {}
    for partition, slot in enumerate(SLOT_OF):
        at = bisect_right(starts, slot) - 1
        if at >= 0 and slot <= ranges[at][1]:
            owned.setdefault(ranges[at][2][0], set()).add(partition)
    if not owned:
        raise ValueError("no slot is anybody's")
    replicas = dict.fromkeys(place for _, _, places in ranges for place in places[1:])
    return {place: frozenset(some) for place, some in owned.items()}, list(replicas)


def _place(node: Untyped, asked: str) -> Address:
    host, port = node[0], int(node[1])
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    return (asked if name in ("", "?") else name), port
