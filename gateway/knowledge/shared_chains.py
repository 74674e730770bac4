"""Certificate chains fetched by one node and used by all: a second memory behind each node's own.

Keeps the promise of `gateway.fetch.shared.SharedChains`: nothing here raises or outlasts its bound. What
comes back is bytes from a shared place, no more trusted than what came from the stranger's server:
whoever asks validates it in full.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.fetch.shared import SharedPem
from gateway.knowledge.cluster_store import ClusterStore
from gateway.knowledge.keys import chain_key
from gateway.knowledge.servers import Untyped
from gateway.knowledge.store import Store, StoreError

LARGEST_CHAIN: Final = 64 * 1024
LONGEST_KEEP_SECONDS: Final = 86_400
WITHIN_SECONDS: Final = 0.020
MOST_AT_ONCE: Final = 4
"""Connections that chains may hold; a burst of new x5u does not crowd out the batches."""
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


class StoredChains:
    """Chains by x5u, in Redis."""

    def __init__(self, store: Store | ClusterStore) -> None:
        self.dropped = 0
        """Stored values that were no chain, or had no end."""
        self._store = store
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def get(self, x5u: str) -> SharedPem | None:
        """Return what a node has put, while it is fresh; None where there is none or Redis cannot say."""
        key, partition = chain_key(x5u)

        def send(store: Store) -> Awaitable[Untyped]:
            pipeline = store.client.pipeline(transaction=False)
            # GETRANGE, because a poisoned value may be as large as the server's memory.
            pipeline.execute_command("GETRANGE", key, 0, LARGEST_CHAIN)
            pipeline.execute_command("TTL", key)
            reply: Awaitable[Untyped] = pipeline.execute()
            return reply

        match await self._run(partition, send):
            case [b"" | None, _] | None:
                return None
            case [bytes() as body, int() as seconds] if (
                body.lstrip().startswith(_BEGIN) and len(body) <= LARGEST_CHAIN and seconds > 0
            ):
                return SharedPem(body, min(seconds, LONGEST_KEEP_SECONDS))
            case _:
                self.dropped += 1
                return None

    async def put(self, x5u: str, pem: SharedPem) -> None:
        """Keep it for `fresh_seconds`, a day at most; what is too large or ends now is not kept."""
        if len(pem.body) > LARGEST_CHAIN or pem.fresh_seconds <= 0:
            return
        seconds = min(pem.fresh_seconds, LONGEST_KEEP_SECONDS)
        key, partition = chain_key(x5u)
        await self._run(
            partition, lambda store: store.client.execute_command("SET", key, pem.body, "EX", seconds)
        )

    async def _run(self, partition: int, send: Callable[[Store], Awaitable[Untyped]]) -> Untyped:
        store = self._store.part(partition)
        if store is None or store.resting or self._slots.locked():
            return None
        async with self._slots:
            try:
                return await store.run(send(store), within_seconds=WITHIN_SECONDS)
            except StoreError:
                return None
