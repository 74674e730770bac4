"""What the control process adds to traffic in Redis: how calls ended, sums of trunks and certificates.

The calls themselves are noted by the batch that asks about them (`packet.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError, ResponseError

from gateway.knowledge import keys
from gateway.knowledge.library import TELL, is_missing, load
from gateway.knowledge.servers import Server, Servers, Untyped
from gateway.reputation.traffic import Shape

_TOGETHER: Final = 200
"""Subjects in one FCALL: under a millisecond, in which the server answers nobody else."""
_AWAY: Final = (RedisError, OSError, TimeoutError, ValueError, TypeError)
_COUNTS: Final = len(Shape.__struct_fields__)


@dataclass(frozen=True, slots=True)
class Subject:
    """A number or a block by path, a trunk, a certificate: whatever calls are counted of."""

    name: str
    partition: int


def number_subject(path: str, tn: str) -> Subject:
    """One number, by one path."""
    return Subject(keys.subject_of(path, tn), keys.partition_of(tn[:-4]))


def block_subject(path: str, tn: str) -> Subject:
    """The thousand numbers it stands among, by that path."""
    return Subject(keys.block_subject_of(path, tn), keys.partition_of(tn[:-4]))


def named_subject(kind: str, name: str) -> Subject:
    """A trunk or a certificate; `kind` is neither's path, so that no number has its name."""
    return Subject(f"{kind}:{name}", keys.partition_of(f"{kind}:{name}"))


class TrafficStore:
    """Writes through the control process's patient connection."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    async def tell(
        self, counts: Mapping[Subject, Sequence[int]], *, window_seconds: int
    ) -> dict[Subject, Shape]:
        """Add these counts, in the order of `Shape`; what each subject has come to.

        Those of a server that is away are missing. Traffic is short-lived by declaration: what Redis does not
        take is not told again.
        """
        found: dict[Subject, Shape] = {}
        if not counts:
            return found
        try:
            servers = await self._servers.look()
        except _AWAY:
            return found
        for server in servers:
            by_packet: dict[int, list[Subject]] = {}
            for subject in counts:
                if subject.partition in server.partitions:
                    by_packet.setdefault(subject.partition if self._servers.clustered else 0, []).append(
                        subject
                    )
            try:
                for subjects in by_packet.values():
                    for first in range(0, len(subjects), _TOGETHER):
                        some = subjects[first : first + _TOGETHER]
                        reply = await _call(server, some, counts, window_seconds)
                        shapes = zip(*[iter(reply)] * _COUNTS, strict=True)
                        found |= {each: Shape(*shape) for each, shape in zip(some, shapes, strict=True)}
            except _AWAY:
                continue
        return found


async def _call(
    server: Server, subjects: list[Subject], counts: Mapping[Subject, Sequence[int]], window_seconds: int
) -> Untyped:
    arguments: list[str | int] = [window_seconds]
    for each in subjects:
        arguments += (each.name, *counts[each])
    names = [keys.traffic_key(each.partition) for each in subjects]
    command = ("FCALL", TELL, len(names), *names, *arguments)
    try:
        return await server.client.execute_command(*command)
    except ResponseError as error:
        if not is_missing(error):
            raise
    await load(server.client)
    return await server.client.execute_command(*command)
