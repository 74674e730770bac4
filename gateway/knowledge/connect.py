"""`[redis] url` to a client that cannot hold a call.

    embedded                     the node's own Valkey, by its unix socket
    redis://, rediss://, unix:// as redis-py reads them
    redis+cluster://, rediss+cluster://  any node of a cluster

redis-py's defaults wait up to 59 s for one GET (docs/decisions/redis.md): here every wait is bounded, nothing
is tried twice, and a full pool is waited for instead of raising. One client serves calls (tight), another
what the control plane loads (patient).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

MOST_CONNECTIONS: Final = 8
_SCHEMES: Final = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")


class RedisUrlError(ValueError):
    """`[redis] url` cannot be used; the message never holds its password."""


Untyped: TypeAlias = Any
"""redis-py's arguments and replies have no useful types."""


class Client(Protocol):
    """What is used of redis-py's Redis and RedisCluster."""

    def execute_command(self, *args: Untyped, **kwargs: Untyped) -> Awaitable[Untyped]:
        """One command, its reply or RedisError."""
        ...

    def pipeline(self) -> Untyped:
        """Commands sent together."""
        ...

    def scan_iter(self, match: str | None = None, count: int | None = None) -> AsyncIterator[bytes]:
        """Every key that fits."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Close all connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client waits for a connection and for a reply."""

    connect_seconds: float
    reply_seconds: float


FOR_CALLS: Final = Patience(connect_seconds=0.5, reply_seconds=0.25)
"""Wider than a batch's 20 ms, which is kept by the batch itself: a connection is made by the probe, and a
TLS handshake may take longer than a call may wait."""
FOR_LOADING: Final = Patience(connect_seconds=5, reply_seconds=10)


@dataclass(frozen=True, slots=True)
class Connected:
    """A client, and whether keys of one command must share a slot."""

    client: Client
    clustered: bool


def connect(url: str, *, embedded_socket: Path | None = None, patience: Patience = FOR_CALLS) -> Connected:
    """Return a client for `url`, or RedisUrlError; nothing is sent before its first command."""
    if url == "embedded":
        if embedded_socket is None:
            raise RedisUrlError('[redis] url is "embedded", but this process was given no socket of it')
        url = f"unix://{embedded_socket}"
    scheme = url.partition("://")[0]
    if scheme not in _SCHEMES or "://" not in url:
        raise RedisUrlError(f'[redis] url must be "embedded" or begin with one of {", ".join(_SCHEMES)}')
    waits: dict[str, Any] = {
        "socket_connect_timeout": patience.connect_seconds,
        "socket_timeout": patience.reply_seconds,
        "retry": Retry(NoBackoff(), 0),
    }
    if scheme != "unix":
        # One error a connection in the statistics of every server that does not know the command.
        waits["maint_notifications_config"] = MaintNotificationsConfig(enabled=False)
    try:
        if scheme.endswith("+cluster"):
            plain = url.replace("+cluster", "", 1)
            return Connected(RedisCluster.from_url(plain, **waits), clustered=True)
        pool = redis.BlockingConnectionPool.from_url(
            url, max_connections=MOST_CONNECTIONS, timeout=patience.reply_seconds, **waits
        )
        return Connected(redis.Redis.from_pool(pool), clustered=False)
    except (ValueError, TypeError, RedisError) as error:
        # redis-py quotes the URL in some of its messages, and with it the password.
        raise RedisUrlError(
            "[redis] url cannot be read: expected scheme://[user:password@]host[:port][/db]"
        ) from error


def exposure(url: str) -> tuple[str, ...]:
    """Return what a stranger on the network could do, in sentences for the start-up log."""
    if url == "embedded" or url.startswith("unix://"):
        return ()
    parts = urlsplit(url)
    if parts.hostname in _LOCAL_HOSTS:
        return ()
    found = []
    if not parts.password:
        found.append("[redis] url has no password: whoever reaches the server can rewrite reputations")
    if not parts.scheme.startswith("rediss"):
        found.append("[redis] url is not rediss://: passwords and evidence cross the network in the clear")
    return tuple(found)
