"""Reputation entries from the record into Redis: a few that changed, or all of them anew.

A rebuild marks every partition `building`, removes what is there, loads, and marks it `complete` only
where the mark still is its own. Until then numbers that are not found answer *unknown*. A server emptied
on the way, or a second rebuild, took the mark away: the first then fails and says so, and no partition is
ever called complete that is not. Memory is bounded by one chunk, whatever the number of entries.

Rejected: loading beside the old entries and switching over at the end. It needs the memory twice, and a
rebuild is for a store that cannot be trusted anyway.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisError

from gateway.knowledge import keys
from gateway.knowledge.connect import Connected, Untyped
from gateway.knowledge.library import FINISH, SOURCE, WRITE
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.block_entry import encode_block, encode_exchange
from gateway.reputation.blocks import FEWEST_NUMBERS, LEVELS, Level
from gateway.reputation.entry import ReputationEntry, encode_entry
from gateway.reputation.neighbourhood import Area
from gateway.reputation.sighting import DEFAULT_KEEP_DAYS

CHUNK: Final = 500
"""Entries in one FCALL. The server does nothing else meanwhile, some 2 ms: below what a call notices."""
BYTES_A_NUMBER: Final = 360
"""Of Redis' memory, with its part of the blocks: what `python -m bench.lookups` measures for numbers that
lie far apart, the worst case."""
SECONDS_A_DAY: Final = 86_400

Known = tuple[TelephoneNumber, ReputationEntry | None]
"""A number and what is now known of it; None forgets it."""
_Cell = tuple[str, str, bytes, int]
"""An exchange, a field of its hash, the value (empty: forget it), and the last day it counts."""


class LoadError(Exception):
    """The entries are not all in Redis; `str()` is a sentence saying why and what to do."""


class ReputationLoader:
    """Writes through a patient connection of its own (`connect(url, patience=FOR_LOADING)`)."""

    def __init__(self, connected: Connected) -> None:
        self._client = connected.client
        self._clustered = connected.clustered
        self._functions_are_there = False

    async def complete_partitions(self) -> int:
        """How many of the 256 partitions are complete; fewer means the cache wants a rebuild."""
        pipeline = self._client.pipeline()
        for partition in range(keys.PARTITIONS):
            pipeline.execute_command("GET", keys.marker_key(partition))
        values = await self._ask(pipeline.execute(raise_on_error=False))
        return sum(isinstance(value, bytes) and value.startswith(b"complete:") for value in values)

    async def check_room(self, numbers: int) -> None:
        """Raise LoadError where so many numbers will not fit below the server's maxmemory.

        Asked before anything is removed: what is there stays. A cluster is not asked, its nodes differ.
        """
        memory = {} if self._clustered else await self._ask(self._client.execute_command("INFO", "memory"))
        most = int(memory.get("maxmemory", 0))
        if most and numbers * BYTES_A_NUMBER > most:
            needed = numbers * BYTES_A_NUMBER / 2**20
            raise LoadError(
                f"{numbers:,} numbers with their blocks need some {needed:,.0f} MiB of Redis, whose "
                f"maxmemory is {most / 2**20:,.0f} MiB: raise it. Nothing was changed"
            )

    async def update(self, entries: Iterable[Known | Area]) -> int:
        """Write or forget these entries, leaving the marks alone; how many were written or forgotten.

        Of an area, the evidence of its blocks is written (and not counted). LoadError where a key holds
        something else than entries: only a rebuild mends that.
        """
        written = 0
        chunk: list[_Cell] = []
        for entry in entries:
            if isinstance(entry, Area):
                cells = _blocks_of(entry)
            else:
                cells, written = iter((_cell(*entry),)), written + 1
            for cell in cells:
                chunk.append(cell)
                if len(chunk) == CHUNK:
                    await self._write(chunk)
                    chunk = []
        await self._write(chunk)
        return written

    async def forget_blocks(self, exchanges: Iterable[str]) -> None:
        """Let nothing be known of the blocks around an exchange's numbers. LoadError as above."""
        await self._write([(exchange, keys.EXCHANGE_FIELD, b"", 0) for exchange in exchanges])

    async def rebuild(
        self, batches: AsyncIterable[Sequence[Known | Area]], *, progress: Callable[[int], None] | None = None
    ) -> int:
        """Replace everything by these entries; `progress` hears how many are in. Returns their number."""
        epoch = secrets.token_hex(8)
        await self._mark_all(f"building:{epoch}")
        await self._remove_all()
        loaded = 0
        async for batch in batches:
            loaded += await self.update(batch)
            if progress is not None:
                progress(loaded)
        await self._finish(epoch)
        return loaded

    async def _write(self, chunk: list[_Cell]) -> None:
        if not chunk:
            return
        packets: dict[int, tuple[list[str], list[str | bytes | int]]] = {}
        for exchange, field, value, last_day in chunk:
            partition = keys.partition_of(exchange)
            packet_keys, arguments = packets.setdefault(partition if self._clustered else 0, ([], []))
            packet_keys.append(keys.reputation_key(exchange, partition))
            arguments += (field, value, (last_day + 1) * SECONDS_A_DAY)
        await self._load_functions()
        pipeline = self._client.pipeline()
        for packet_keys, arguments in packets.values():
            pipeline.execute_command("FCALL", WRITE, len(packet_keys), *packet_keys, *arguments)
        damaged = sum(await self._ask(pipeline.execute()))
        if damaged:
            raise LoadError(
                f"{damaged} entries could not be written: their keys in Redis hold something else. "
                "Run `callmark cache rebuild`"
            )

    async def _mark_all(self, value: str) -> None:
        pipeline = self._client.pipeline()
        for partition in range(keys.PARTITIONS):
            pipeline.execute_command("SET", keys.marker_key(partition), value)
        await self._ask(pipeline.execute())

    async def _remove_all(self) -> None:
        found: list[bytes] = []
        try:
            async for key in self._client.scan_iter(match=keys.REPUTATION_PATTERN, count=1000):
                found.append(key)
                if len(found) == CHUNK:
                    await self._unlink(found)
                    found = []
        except RedisError as error:
            raise _unreachable(error) from error
        await self._unlink(found)

    async def _unlink(self, found: list[bytes]) -> None:
        if not found:
            return
        pipeline = self._client.pipeline()
        for key in found:
            pipeline.execute_command("UNLINK", key)
        await self._ask(pipeline.execute())

    async def _finish(self, epoch: str) -> None:
        await self._load_functions()
        pipeline = self._client.pipeline()
        for partition in range(keys.PARTITIONS):
            marker = keys.marker_key(partition)
            pipeline.execute_command("FCALL", FINISH, 1, marker, f"building:{epoch}", f"complete:{epoch}")
        finished = sum(await self._ask(pipeline.execute()))
        if finished != keys.PARTITIONS:
            raise LoadError(
                f"{keys.PARTITIONS - finished} of {keys.PARTITIONS} partitions changed hands during the "
                "rebuild (Redis was emptied, or another rebuild began): run `callmark cache rebuild` again"
            )

    async def _load_functions(self) -> None:
        if self._functions_are_there:
            return
        everywhere: dict[str, Any] = {"target_nodes": RedisCluster.PRIMARIES} if self._clustered else {}
        await self._ask(self._client.execute_command("FUNCTION LOAD", "REPLACE", SOURCE, **everywhere))
        self._functions_are_there = True

    async def _ask(self, command: Awaitable[Untyped]) -> Untyped:
        try:
            return await command
        except (RedisError, OSError, TimeoutError) as error:
            raise _unreachable(error) from error


def _cell(tn: TelephoneNumber, entry: ReputationEntry | None) -> _Cell:
    exchange, field = keys.exchange_of(tn), keys.field_of(tn)
    return (
        (exchange, field, b"", 0)
        if entry is None
        else (exchange, field, encode_entry(entry), entry.expires_day)
    )


def _blocks_of(area: Area) -> Iterator[_Cell]:
    """Every block that counts, in the hash of its exchange; the area itself with each exchange."""
    fewest = {area.length - level.dropped: FEWEST_NUMBERS[level] for level in LEVELS}
    end = area.length - Level.EXCHANGE.dropped
    counting = {
        block: evidence
        for block, evidence in area.evidence.items()
        if end <= len(block) < area.length and evidence.numbers >= fewest[len(block)]
    }
    parts: dict[str, str] = {}
    for block in sorted(counting):
        parts[block[:-1]] = parts.get(block[:-1], "") + block[-1]
    whole = area.evidence[area.digits]
    last_day = whole.day + DEFAULT_KEEP_DAYS
    for block, evidence in counting.items():
        inner = parts.get(block, "")
        value = (
            encode_exchange(whole, evidence, inner) if len(block) == end else encode_block(evidence, inner)
        )
        yield block[:end], keys.block_field(block, block[:end]), value, last_day


def _unreachable(error: BaseException) -> LoadError:
    return LoadError(
        f"Redis did not take the entries ({type(error).__name__}: {error}); nothing calls them complete"
    )
