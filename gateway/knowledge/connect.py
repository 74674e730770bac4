"""`[redis] url` to clients that cannot hold a call.

redis-py's defaults wait up to 59 s for one GET (docs/decisions/redis.md): here every wait is bounded, nothing
is tried twice, and a full pool is waited for instead of raising. Calls have a tight client, what the control
plane loads a patient one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from gateway.generation.redis_url import EMBEDDED, RedisKind, RedisUrl, parse_redis_url
from gateway.knowledge.cluster import Cluster
from gateway.knowledge.servers import Client, OneServer, Untyped

MOST_CONNECTIONS: Final = 8
SENTINEL_SECONDS: Final = 0.2
"""For the word of one sentinel; the next is asked after it."""
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")


class RedisUrlError(ValueError):
    """`[redis] url` cannot be used; the message never holds its password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a client waits for a connection and for a reply."""

    connect_seconds: float
    reply_seconds: float


FOR_CALLS: Final = Patience(connect_seconds=0.5, reply_seconds=0.25)
"""Wider than a batch's 20 ms, which is kept by the batch itself: a connection is made by the probe, and a
TLS handshake may take longer than a call may wait."""
FOR_LOADING: Final = Patience(connect_seconds=5, reply_seconds=10)


def connect(
    url: str, *, embedded_socket: Path | None = None, patience: Patience = FOR_CALLS
) -> OneServer | Cluster:
    """Return what `url` leads to, or RedisUrlError; nothing is sent before the first command."""
    if url == EMBEDDED:
        if embedded_socket is None:
            raise RedisUrlError('[redis] url is "embedded", but this process was given no socket of it')
        url = f"unix://{embedded_socket}"
    try:
        parsed = parse_redis_url(url)
    except ValueError as problem:
        raise RedisUrlError(f"[redis] url {problem}") from None
    try:
        options = _options(parsed, patience)
        if parsed.kind is RedisKind.CLUSTER:
            return Cluster(parsed.hosts, lambda host, port: _client(patience, options, host=host, port=port))
        if parsed.kind is RedisKind.SENTINEL:
            return _by_sentinel(parsed, options)
        return OneServer(_client(patience, options))
    except (ValueError, TypeError, RedisError) as error:
        # redis-py quotes the URL in some of its messages, and with it the password.
        raise RedisUrlError(
            "[redis] url cannot be read: expected scheme://[user:password@]host[:port][/db]"
        ) from error


def _options(url: RedisUrl, patience: Patience) -> dict[str, Any]:
    options: dict[str, Any] = {
        **parse_url(url.plain),
        "socket_connect_timeout": patience.connect_seconds,
        "socket_timeout": patience.reply_seconds,
        "retry": Retry(NoBackoff(), 0),
    }
    if not url.plain.startswith("unix:"):
        # One error a connection in the statistics of every server that does not know the command.
        options["maint_notifications_config"] = MaintNotificationsConfig(enabled=False)
    return options


def _client(patience: Patience, options: dict[str, Any], **place: str | int) -> Client:
    pool = redis.BlockingConnectionPool(
        max_connections=MOST_CONNECTIONS, timeout=patience.reply_seconds, **(options | place)
    )
    return redis.Redis.from_pool(pool)


def _by_sentinel(url: RedisUrl, options: dict[str, Any]) -> OneServer:
    own = {key: value for key, value in options.items() if key not in ("host", "port", "connection_class")}
    tls = {"ssl": True} if options.get("connection_class") is SSLConnection else {}
    of_tls = {key: value for key, value in own.items() if key.startswith("ssl_")}
    sentinels: Untyped = Sentinel(  # type: ignore[no-untyped-call]
        url.hosts,
        sentinel_kwargs={
            **tls,
            **of_tls,
            "username": url.sentinel_username,
            "password": url.sentinel_password,
            "socket_connect_timeout": SENTINEL_SECONDS,
            "socket_timeout": SENTINEL_SECONDS,
            "retry": own["retry"],
            "maint_notifications_config": own["maint_notifications_config"],
        },
    )
    pool: Untyped = SentinelConnectionPool(  # type: ignore[no-untyped-call]
        url.service, sentinels, **own, **tls
    )

    async def close() -> None:
        await asyncio.gather(pool.aclose(), sentinels.aclose())

    async def primary() -> tuple[str, int]:
        host, port = await pool.get_master_address()
        return str(host), int(port)

    return OneServer(redis.Redis(connection_pool=pool), address=primary, close=close)


def exposure(url: str) -> tuple[str, ...]:
    """Return what a stranger on the network could do, in sentences for the start-up log."""
    if url == EMBEDDED or url.startswith("unix://"):
        return ()
    parsed = parse_redis_url(url)
    hosts = [host for host, _ in parsed.hosts] or [urlsplit(url).hostname or ""]
    if all(host in _LOCAL_HOSTS for host in hosts):
        return ()
    found = []
    if not parsed.has_password:
        found.append("[redis] url has no password: whoever reaches the server can rewrite reputations")
    if not parsed.tls:
        found.append("[redis] url is not rediss://: passwords and evidence cross the network in the clear")
    return tuple(found)
