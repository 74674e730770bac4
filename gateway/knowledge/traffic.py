"""What the control process adds to traffic in Redis: how calls ended, sums of trunks and certificates.

The calls themselves are noted by the batch that asks about them (`packet.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio.cluster import RedisCluster
from redis.exceptions import RedisError

from gateway.knowledge import keys
from gateway.knowledge.connect import Connected, Untyped
from gateway.knowledge.library import SOURCE, TELL
from gateway.reputation.traffic import Shape

_TOGETHER: Final = 200
"""Subjects in one FCALL: under a millisecond, in which the server answers nobody else."""
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

    def __init__(self, connected: Connected) -> None:
        self._client = connected.client
        self._clustered = connected.clustered

    async def tell(
        self, counts: Mapping[Subject, Sequence[int]], *, window_seconds: int
    ) -> dict[Subject, Shape] | None:
        """Add these counts, in the order of `Shape`; what each subject has come to, None where Redis is away.

        Traffic is short-lived by declaration: what Redis does not take is not told again.
        """
        by_packet: dict[int, list[Subject]] = {}
        for subject in counts:
            by_packet.setdefault(subject.partition if self._clustered else 0, []).append(subject)
        found: dict[Subject, Shape] = {}
        try:
            for subjects in by_packet.values():
                for first in range(0, len(subjects), _TOGETHER):
                    some = subjects[first : first + _TOGETHER]
                    reply = await self._call(some, counts, window_seconds)
                    shapes = zip(*[iter(reply)] * _COUNTS, strict=True)
                    found |= {each: Shape(*shape) for each, shape in zip(some, shapes, strict=True)}
        except (RedisError, OSError, TimeoutError, ValueError, TypeError):
            return None
        return found

    async def _call(
        self, subjects: list[Subject], counts: Mapping[Subject, Sequence[int]], window_seconds: int
    ) -> Untyped:
        arguments: list[str | int] = [window_seconds]
        for each in subjects:
            arguments += (each.name, *counts[each])
        names = [keys.traffic_key(each.partition) for each in subjects]
        command = ("FCALL", TELL, len(names), *names, *arguments)
        try:
            return await self._client.execute_command(*command)
        except RedisError as error:
            if "function not found" not in str(error).lower():
                raise
        everywhere: dict[str, Any] = {"target_nodes": RedisCluster.PRIMARIES} if self._clustered else {}
        await self._client.execute_command("FUNCTION LOAD", "REPLACE", SOURCE, **everywhere)
        return await self._client.execute_command(*command)
