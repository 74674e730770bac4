"""The generations that were in force, as rows: which, since when, on whose word and why, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import generations


class Cause(StrEnum):
    """By which way a generation came into force."""

    START = "start"
    RELOAD = "reload"
    FILES = "files"
    """The files changed, and [reload] watch is on."""
    LISTS = "lists"
    """Lists were fetched for the trust part."""
    ROLL_BACK = "roll-back"
    PROBATION = "probation"
    """Rolled back by itself: it blocked too many calls that the policy before let through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRow:
    """A generation as recorded; `at` in epoch seconds."""

    node: str
    number: int
    digest: str
    policy: str
    """The digest of its policy part."""
    at: int
    actor: str
    cause: Cause
    why: str
    differences: Sequence[Mapping[str, str]]
    """Each with `file`, `key` and `words`."""
    effect: Mapping[str, int] | None
    """`calls`, `changed`, `newly_blocked`; None where the policy part stayed, or nothing was known."""


async def insert_generation(transaction: AsyncConnection, row: GenerationRow) -> None:
    """Add a row. Raises IntegrityError where this node has told of the number already."""
    await transaction.execute(
        insert(generations).values(
            node=row.node,
            number=row.number,
            digest=row.digest,
            policy=row.policy,
            at=row.at,
            actor=row.actor,
            cause=row.cause.value,
            why=row.why,
            differences=msgspec.json.encode(row.differences).decode(),
            effect=None if row.effect is None else msgspec.json.encode(row.effect).decode(),
        )
    )


async def find_generation(transaction: AsyncConnection, node: str, number: int) -> GenerationRow | None:
    """Return this node's generation of that number, or None."""
    query = select(generations).where(generations.c.node == node, generations.c.number == number)
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _row(row)


async def read_generations(
    transaction: AsyncConnection, node: str, *, before: int | None = None, limit: int = 50
) -> tuple[GenerationRow, ...]:
    """Return up to `limit` generations of this node with a lower number than `before`, newest first."""
    query = select(generations).where(generations.c.node == node)
    if before is not None:
        query = query.where(generations.c.number < before)
    query = query.order_by(generations.c.number.desc()).limit(limit)
    return tuple(_row(row) for row in await transaction.execute(query))


def _row(row: Row[*tuple[object, ...]]) -> GenerationRow:
    return GenerationRow(
        node=row.node,
        number=row.number,
        digest=row.digest,
        policy=row.policy,
        at=row.at,
        actor=row.actor,
        cause=Cause(row.cause),
        why=row.why,
        differences=msgspec.json.decode(row.differences, type=list[dict[str, str]]),
        effect=None if row.effect is None else msgspec.json.decode(row.effect, type=dict[str, int]),
    )
