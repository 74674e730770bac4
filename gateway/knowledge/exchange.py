"""Packets sent together over one connection, and what each reply means.

A reply that only asks for another way (functions not there yet, a server that takes no writes) is followed
at once, within the time of the batch; one that names another server is handed back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redis.exceptions import (
    AskError,
    MovedError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from gateway.knowledge.library import ASK, LOOK, is_missing
from gateway.knowledge.packet import Drops, Packet
from gateway.knowledge.servers import Untyped


class Line(Protocol):
    """What is needed of a store."""

    @property
    def takes_writes(self) -> bool: ...  # noqa: D102

    def refuse_writes(self) -> None:
        """Note that the server is a replica, or full."""

    async def ask_all(self, commands: Sequence[Sequence[str | int]], /) -> list[Untyped]:
        """The replies, a ResponseError among them as a value."""

    async def load_functions(self) -> None:
        """Load functions.lua where the server lacks it."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """A packet that another server is to be asked."""

    partition: int
    packet: Packet
    place: str
    """`host:port` of a server that has the slot, or (`asking`) is getting it."""
    asking: bool


@dataclass(slots=True)
class Exchanged:
    """What came of it; the answers are in the packets' drafts."""

    redirects: list[Redirect] = field(default_factory=list)
    unwritten: set[int] = field(default_factory=set)
    """Partitions whose server did not take what was to be written."""


async def exchange(
    line: Line, packets: Mapping[int, Packet], drops: Drops, *, today: int, asking: bool = False
) -> Exchanged:
    """Send these packets, by partition, and read their replies. Raises what redis-py raises.

    A refusal of one packet does not take the others' answers away.
    """
    done = Exchanged()
    refusal: ResponseError | None = None
    left, are_loaded = dict(packets), False
    while left:
        claiming = line.takes_writes
        replies = await line.ask_all(_commands(left, claiming=claiming, asking=asking))
        again: dict[int, Packet] = {}
        is_missing_functions = False
        for (partition, packet), reply in zip(left.items(), replies[asking :: 1 + asking], strict=True):
            if not isinstance(reply, ResponseError):
                packet.read(reply, drops, claiming=claiming, today=today)
                if not claiming:
                    done.unwritten.add(partition)
                continue
            if isinstance(reply, AskError) and not asking:
                is_asking = not isinstance(reply, MovedError)
                done.redirects.append(Redirect(partition, packet, f"{reply.host}:{reply.port}", is_asking))
            elif isinstance(reply, ReadOnlyError | OutOfMemoryError) and claiming:
                # A replica, or full: what is known can still be read; replay goes unanswered.
                line.refuse_writes()
                again[partition] = packet
            elif is_missing(reply) and not are_loaded:
                # A server restarted empty, or FUNCTION FLUSH: load once; a second miss is a failure.
                is_missing_functions = True
                again[partition] = packet
            else:
                done.unwritten.add(partition)
                if not isinstance(reply, TryAgainError):  # a slot on its way: half of its keys are elsewhere
                    refusal = refusal or reply
        if is_missing_functions:
            await line.load_functions()
            are_loaded = True
        left = again
    if refusal is not None:
        raise refusal
    return done


def _commands(packets: Mapping[int, Packet], *, claiming: bool, asking: bool) -> list[Sequence[str | int]]:
    head = ("FCALL", ASK) if claiming else ("FCALL_RO", LOOK)
    commands: list[Sequence[str | int]] = []
    for packet in packets.values():
        if asking:
            commands.append(("ASKING",))
        commands.append((*head, *packet.arguments(claiming=claiming)))
    return commands
