"""Which server has which partition: one has all, or each primary of a cluster has some.

What loads, counts and probes asks here who there is, and speaks with each by redis-py's plain client; so it
is written once for a single server and for a cluster.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from gateway.knowledge.keys import PARTITIONS

Untyped: TypeAlias = Any
"""redis-py's arguments and replies have no useful types."""

EVERY_PARTITION: Final = frozenset(range(PARTITIONS))
ALONE: Final = "redis"
"""The name of a server that is the only one."""


class Client(Protocol):
    """What is used of redis-py's Redis, whose own types are none."""

    connection_pool: Untyped

    def execute_command(self, *args: Untyped, **kwargs: Untyped) -> Awaitable[Untyped]:
        """One command, its reply or RedisError."""
        ...

    def pipeline(self, *, transaction: bool) -> Untyped:
        """Commands sent together."""
        ...

    def scan_iter(self, match: str | None = None, count: int | None = None) -> AsyncIterator[bytes]:
        """Every key that fits."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close all connections."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A server that takes writes, and the partitions that are its own."""

    name: str
    client: Client
    partitions: frozenset[int]


class Servers(Protocol):
    """All of them."""

    @property
    def clustered(self) -> bool:
        """Whether keys of one command must share a partition."""
        ...

    async def look(self) -> tuple[Server, ...]:
        """Who there is now. Raises RedisError or OSError where nobody can say."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class OneServer:
    """A server with every partition; behind sentinels, whichever they name."""

    clustered: Final = False

    def __init__(
        self,
        client: Client,
        *,
        address: Callable[[], Awaitable[tuple[str, int]]] | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`address` asks sentinels where the primary is; idle connections to another end thereby."""
        self.client = client
        self.address = address
        self._close = close or client.aclose

    async def look(self) -> tuple[Server, ...]:
        """The one."""
        return (Server(ALONE, self.client, EVERY_PARTITION),)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._close()
