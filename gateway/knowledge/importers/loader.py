"""Reputation entries from the record into Redis: a few that changed, or whole partitions anew.

A rebuild marks each of its partitions `building`, removes what is there, loads, and marks it `complete` only
where the mark still is its own. Until then numbers that are not found answer *unknown*. A server emptied
on the way, or a second rebuild, took the mark away: the first then fails and says so, and no partition is
ever called complete that is not. Memory is bounded by one chunk, whatever the number of entries.

Rejected: loading beside the old entries and switching over at the end. It needs the memory twice, and a
rebuild is for a store that cannot be trusted anyway.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from redis.exceptions import RedisError

from gateway.knowledge import keys
from gateway.knowledge.importers.marks import Marks, read_marks
from gateway.knowledge.importers.room import Room, bytes_needed
from gateway.knowledge.library import FINISH, WRITE, load
from gateway.knowledge.servers import EVERY_PARTITION, Server, Servers, Untyped
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.block_entry import encode_block, encode_exchange
from gateway.reputation.blocks import FEWEST_NUMBERS, LEVELS, Level
from gateway.reputation.entry import ReputationEntry, encode_entry
from gateway.reputation.neighbourhood import Area
from gateway.reputation.sighting import DEFAULT_KEEP_DAYS

CHUNK: Final = 500
"""Entries in one FCALL. The server does nothing else meanwhile, some 2 ms: below what a call notices."""
SECONDS_A_DAY: Final = 86_400

Known = tuple[TelephoneNumber, ReputationEntry | None]
"""A number and what is now known of it; None forgets it."""
_Cell = tuple[str, str, bytes, int]
"""An exchange, a field of its hash, the value (empty: forget it), and the last day it counts."""


class LoadError(Exception):
    """The entries are not all in Redis; `str()` is a sentence saying why and what to do."""


class ReputationLoader:
    """Writes through patient connections of its own (`connect(url, patience=FOR_LOADING)`).

    `partitions` narrows what is written to those whose servers are there, or that want it.
    """

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._have_functions: set[str] = set()

    async def look(self) -> Marks:
        """Say which partitions are whole, where, and which are away. Never raises for a server."""
        try:
            servers = await self._servers.look()
        except (RedisError, OSError, TimeoutError) as error:
            return Marks(problem=f"{type(error).__name__}: {error}")
        return Marks.of(await asyncio.gather(*map(read_marks, servers)))

    async def room(self) -> Room | None:
        """What may be held in all, and what of it is free; None where there is no bound.

        Numbers lie evenly over the partitions, so the fullest server's part says what is free. LoadError.
        """
        most, free = 0, []
        for server in await self._holding(EVERY_PARTITION):
            memory = await self._ask(server.client.execute_command("INFO", "memory"))
            if bound := int(memory.get("maxmemory", 0)):
                most += bound
                left = max(bound - int(memory.get("used_memory", 0)), 0)
                free.append(left * keys.PARTITIONS // max(len(server.partitions), 1))
        return Room(most=most, free=min(free)) if free else None

    async def check_room(
        self, *, numbers: int, exchanges: int, partitions: AbstractSet[int] = EVERY_PARTITION
    ) -> None:
        """Raise LoadError where a server's part of so many numbers will not fit below its maxmemory.

        Asked before anything is removed: what is there stays.
        """
        for server in await self._holding(partitions):
            share = len(server.partitions & partitions) / keys.PARTITIONS
            needed = share * bytes_needed(numbers=numbers, exchanges=exchanges)
            memory = await self._ask(server.client.execute_command("INFO", "memory"))
            most = int(memory.get("maxmemory", 0))
            if most and needed > most:
                raise LoadError(
                    f"{round(numbers * share):,} numbers with their blocks need some "
                    f"{needed / 2**20:,.0f} MiB of {server.name}, whose maxmemory is {most / 2**20:,.0f} "
                    "MiB: raise it ([redis] embedded_megabytes, where it is the node's own). Nothing was "
                    "changed"
                )

    async def update(
        self, entries: Iterable[Known | Area], *, partitions: AbstractSet[int] = EVERY_PARTITION
    ) -> int:
        """Write or forget these entries, leaving the marks alone; how many were written or forgotten.

        Of an area, the evidence of its blocks is written (and not counted). LoadError where a key holds
        something else than entries: only a rebuild mends that.
        """
        servers = await self._holding(partitions)
        written = 0
        chunk: list[_Cell] = []
        for entry in entries:
            if isinstance(entry, Area):
                cells = _blocks_of(entry)
            elif keys.partition_of(keys.exchange_of(entry[0])) in partitions:
                cells, written = iter((_cell(*entry),)), written + 1
            else:
                continue
            for cell in cells:
                chunk.append(cell)
                if len(chunk) == CHUNK:
                    await self._write(servers, chunk, partitions)
                    chunk = []
        await self._write(servers, chunk, partitions)
        return written

    async def forget_blocks(self, exchanges: Iterable[str], *, partitions: AbstractSet[int]) -> None:
        """Let nothing be known of the blocks around an exchange's numbers. LoadError as above."""
        cells: list[_Cell] = [(exchange, keys.EXCHANGE_FIELD, b"", 0) for exchange in exchanges]
        await self._write(await self._holding(partitions), cells, partitions)

    async def rebuild(
        self,
        batches: AsyncIterable[Sequence[Known | Area]],
        *,
        partitions: AbstractSet[int] = EVERY_PARTITION,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Replace all that these partitions hold by these entries; `progress` hears how many are in."""
        epoch = secrets.token_hex(8)
        for server in await self._holding(partitions):
            pipeline = server.client.pipeline(transaction=False)
            for partition in server.partitions & partitions:
                pipeline.execute_command("SET", keys.marker_key(partition), f"building:{epoch}")
            await self._ask(pipeline.execute())
            await self._remove_all(server, partitions)
        loaded = 0
        async for batch in batches:
            loaded += await self.update(batch, partitions=partitions)
            if progress is not None:
                progress(loaded)
        await self._finish(epoch, partitions)
        return loaded

    async def _holding(self, partitions: AbstractSet[int]) -> list[Server]:
        """The servers that have these partitions. LoadError where some are nobody's."""
        servers = [each for each in await self._ask(self._servers.look()) if each.partitions & partitions]
        lost = partitions - frozenset[int]().union(*(each.partitions for each in servers))
        if lost:
            raise LoadError(f"{len(lost)} of {keys.PARTITIONS} partitions have no server in the cluster")
        return servers

    async def _write(self, servers: list[Server], chunk: list[_Cell], partitions: AbstractSet[int]) -> None:
        packets: dict[int, tuple[list[str], list[str | bytes | int]]] = {}
        for exchange, field, value, last_day in chunk:
            partition = keys.partition_of(exchange)
            if partition not in partitions:
                continue
            packet = partition if self._servers.clustered else 0
            packet_keys, arguments = packets.setdefault(packet, ([], []))
            packet_keys.append(keys.reputation_key(exchange, partition))
            arguments += (field, value, (last_day + 1) * SECONDS_A_DAY)
        damaged = 0
        for server in servers:
            own = [packet for partition, packet in packets.items() if partition in server.partitions]
            if not own:
                continue
            await self._load_functions(server)
            pipeline = server.client.pipeline(transaction=False)
            for packet_keys, arguments in own:
                pipeline.execute_command("FCALL", WRITE, len(packet_keys), *packet_keys, *arguments)
            damaged += sum(await self._ask(pipeline.execute()))
        if damaged:
            raise LoadError(
                f"{damaged} entries could not be written: their keys in Redis hold something else. "
                "Run `callmark cache rebuild`"
            )

    async def _remove_all(self, server: Server, partitions: AbstractSet[int]) -> None:
        found: list[bytes] = []
        try:
            async for key in server.client.scan_iter(match=keys.REPUTATION_PATTERN, count=1000):
                if keys.partition_of_key(key) in partitions:
                    found.append(key)
                if len(found) == CHUNK:
                    await self._unlink(server, found)
                    found = []
        except RedisError as error:
            raise _unreachable(error) from error
        await self._unlink(server, found)

    async def _unlink(self, server: Server, found: list[bytes]) -> None:
        pipeline = server.client.pipeline(transaction=False)
        for key in found:
            pipeline.execute_command("UNLINK", key)
        await self._ask(pipeline.execute())

    async def _finish(self, epoch: str, partitions: AbstractSet[int]) -> None:
        finished = 0
        for server in await self._holding(partitions):
            await self._load_functions(server)
            pipeline = server.client.pipeline(transaction=False)
            for partition in server.partitions & partitions:
                marker = keys.marker_key(partition)
                pipeline.execute_command("FCALL", FINISH, 1, marker, f"building:{epoch}", f"complete:{epoch}")
            finished += sum(await self._ask(pipeline.execute()))
        if finished != len(partitions):
            raise LoadError(
                f"{len(partitions) - finished} of {len(partitions)} partitions changed hands during the "
                "rebuild (Redis was emptied, or another rebuild began): run `callmark cache rebuild` again"
            )

    async def _load_functions(self, server: Server) -> None:
        if server.name not in self._have_functions:
            await self._ask(load(server.client))
            self._have_functions.add(server.name)

    async def _ask(self, command: Awaitable[Untyped]) -> Untyped:
        try:
            return await command
        except (RedisError, OSError, TimeoutError) as error:
            # A server that came back may be another one, without functions.
            self._have_functions.clear()
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
