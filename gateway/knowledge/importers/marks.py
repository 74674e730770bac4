"""Which partitions are whole, which are not, and of which nobody can say; and by which server process.

A server that was restarted, or a replica that took its primary's place, may lack what was last written though
its marks say complete: replication and the append-only file both lag. Its run id tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from gateway.knowledge.keys import marker_key
from gateway.knowledge.servers import EVERY_PARTITION, Server

ANSWER_SECONDS: Final = 1.5
"""For one server: loading is patient, readiness has to be true soon."""
_ELSEWHERE: Final = (AskError, TryAgainError, ClusterDownError, BusyLoadingError)


@dataclass(frozen=True, slots=True)
class Marks:
    """As of one look."""

    complete: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()
    """Their servers answer, and have no mark that says complete."""
    runs: Mapping[int, str] = field(default_factory=dict)
    """The run id of the server that answered for each partition."""
    problem: str = ""
    """Why a server did not answer."""

    @property
    def away(self) -> frozenset[int]:
        """Of which nobody can say."""
        return EVERY_PARTITION - self.complete - self.missing

    @staticmethod
    def of(found: Sequence[Marks]) -> Marks:
        """Put the servers' marks together."""
        return Marks(
            complete=frozenset[int]().union(*(each.complete for each in found)),
            missing=frozenset[int]().union(*(each.missing for each in found)),
            runs={partition: run for each in found for partition, run in each.runs.items()},
            problem=next((each.problem for each in found if each.problem), ""),
        )


async def read_marks(server: Server) -> Marks:
    """Ask one server for the marks of its partitions; one that does not answer is told by `problem`."""
    partitions = sorted(server.partitions)
    pipeline = server.client.pipeline(transaction=False)
    pipeline.execute_command("INFO", "server")
    for partition in partitions:
        pipeline.execute_command("GET", marker_key(partition))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            about, *values = await pipeline.execute(raise_on_error=False)
    except (RedisError, OSError, TimeoutError) as error:
        return Marks(problem=f"{server.name}: {type(error).__name__} {error}".strip())
    if not isinstance(about, dict):
        return Marks(problem=f"{server.name}: {about}")
    run = str(about.get("run_id", ""))
    answered = {
        partition: value
        for partition, value in zip(partitions, values, strict=True)
        if not isinstance(value, _ELSEWHERE)
    }
    complete = frozenset(
        partition
        for partition, value in answered.items()
        if isinstance(value, bytes) and value.startswith(b"complete:")
    )
    refusals = [value for value in values if isinstance(value, ResponseError)]
    return Marks(
        complete=complete,
        missing=frozenset(answered) - complete,
        runs=dict.fromkeys(answered, run),
        problem=f"{server.name}: {refusals[0]}" if refusals and len(answered) < len(values) else "",
    )
