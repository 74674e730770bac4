"""Whether the Redis that evidence is kept in will do, and whether it might forget unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import Diagnosis, attention, good, unknown, wrong

CHECK: Final = "redis"
OLDEST: Final = (7, 0)
"""Functions (FCALL) came with Redis 7.0; any Valkey has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSeen:
    """What the server says of itself."""

    where: str
    """Without its password."""
    problem: str = ""
    """Why it did not answer; empty when it did."""
    waits_for_node: bool = False
    """Whether it is the node's own, and no node runs."""
    server: str = "redis"
    version: str = ""
    maxmemory_policy: str = ""
    is_persistent: bool | None = None
    """Whether it writes an append-only file or snapshots; None where it does not say."""
    exposure: tuple[str, ...] = ()
    """What strangers on the network could do, in sentences."""


def judge_evidence(seen: EvidenceSeen) -> Iterator[Diagnosis]:
    """Version, memory, persistence, and who may reach it."""
    if seen.waits_for_node:
        yield unknown(CHECK, "It is the node's own Valkey, which starts with the node.", "callmark serve")
        return
    if seen.problem:
        yield wrong(
            CHECK,
            f"{seen.where} does not answer ({seen.problem}): reputation and replay are unknown.",
            'redis-cli -u "$CALLMARK_REDIS__URL" ping',
        )
        return
    if seen.server == "redis" and _version(seen.version) < OLDEST:
        yield wrong(
            CHECK,
            f"{seen.where} is Redis {seen.version}; functions need 7.0 or any Valkey.",
            "apt-get install valkey-server",
        )
    if seen.maxmemory_policy not in ("noeviction", ""):
        yield wrong(
            CHECK,
            f"maxmemory-policy is {seen.maxmemory_policy}: numbers would be forgotten unnoticed, and those "
            "look clean.",
            'redis-cli -u "$CALLMARK_REDIS__URL" config set maxmemory-policy noeviction && '
            'redis-cli -u "$CALLMARK_REDIS__URL" config rewrite',
        )
    if seen.is_persistent is False:
        yield attention(
            CHECK,
            f"{seen.where} writes nothing to its disk: after its restart it is filled from the record again, "
            "and replays and traffic of before are not known.",
            'redis-cli -u "$CALLMARK_REDIS__URL" config set appendonly yes && '
            'redis-cli -u "$CALLMARK_REDIS__URL" config rewrite',
        )
    for sentence in seen.exposure:
        yield attention(CHECK, f"{sentence}.", "callmark config show")
    yield good(CHECK, f"{seen.where} answers: {seen.server.capitalize()} {seen.version}.")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
