"""The nodes that share a record, as each last told of itself; times are the database's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.lease import database_time
from gateway.record.schema import nodes

FORGET_SECONDS: Final = 7 * 86_400
MOST_PROBLEMS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """What a node says of itself."""

    id: str
    name: str
    plane: str
    version: str
    generation: int | None
    digest: str | None
    problems: Sequence[str]
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """The same as the record has it, and for how long nothing has been heard of it."""

    state: NodeState
    silent_seconds: float


async def tell_of_node(transaction: AsyncConnection, state: NodeState) -> None:
    """Write down how a node stands."""
    now = await database_time(transaction)
    values = {
        "name": state.name,
        "plane": state.plane,
        "version": state.version,
        "generation": state.generation,
        "digest": state.digest,
        "leads": state.leads,
        "problems": json.dumps(list(state.problems)[:MOST_PROBLEMS]),
        "seen_at": now,
    }
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(nodes).values(id=state.id, **values)
    await transaction.execute(statement.on_conflict_do_update(index_elements=[nodes.c.id], set_=values))
    await transaction.execute(delete(nodes).where(nodes.c.seen_at < now - FORGET_SECONDS))


async def read_nodes(transaction: AsyncConnection) -> tuple[NodeSeen, ...]:
    """Return every node of the last week, by name."""
    now = await database_time(transaction)
    rows = await transaction.execute(select(nodes).order_by(nodes.c.name, nodes.c.id))
    return tuple(
        NodeSeen(
            state=NodeState(
                id=row.id,
                name=row.name,
                plane=row.plane,
                version=row.version,
                generation=row.generation,
                digest=row.digest,
                problems=tuple(json.loads(row.problems)),
                leads=row.leads,
            ),
            silent_seconds=max(0.0, now - row.seen_at),
        )
        for row in rows
    )
