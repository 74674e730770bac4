"""What the record needs of a database, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class RecordError(Exception):
    """The record cannot be opened, read or written; `str()` is a sentence saying where and why."""


class Options(Protocol):
    """Execution options for a transaction of each kind, set before it begins."""

    def __call__(self, *, writes: bool) -> dict[str, object]: ...  # noqa: D102


class TakeTurn(Protocol):
    """Waits, in a writing transaction that has begun, until no other one is under way."""

    async def __call__(self, transaction: AsyncConnection, /) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Database:
    """A database to keep the record in; `where` names it to people, without a password."""

    engine: AsyncEngine
    where: str
    is_shared: bool
    options: Options
    take_turn: TakeTurn
    connection_errors: tuple[type[BaseException], ...] = (DBAPIError,)
    """What connecting may raise."""
