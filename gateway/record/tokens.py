"""Bearer tokens: rows hold the hash, never the token. What a valid name or scope is, commands decide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.schema import tokens

_ROWS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Token:
    """A token as recorded. `scopes` is sorted; times are epoch seconds."""

    id: int
    name: str
    hash: str
    scopes: tuple[str, ...]
    trunk: str | None
    owner_id: int | None
    created_at: int
    created_by: str
    expires_at: int | None
    revoked_at: int | None


async def insert_token(
    transaction: AsyncConnection,
    *,
    name: str,
    token_hash: str,
    scopes: Collection[str],
    trunk: str | None,
    owner_id: int | None = None,
    created_at: int,
    created_by: str,
    expires_at: int | None,
) -> Token:
    """Add a token. Raises IntegrityError when a live one has that name or hash."""
    ordered = tuple(sorted(set(scopes)))
    result = await transaction.execute(
        insert(tokens)
        .values(
            name=name,
            hash=token_hash,
            scopes=" ".join(ordered),
            trunk=trunk,
            owner_id=owner_id,
            created_at=created_at,
            created_by=created_by,
            expires_at=expires_at,
        )
        .returning(tokens)
    )
    return _token(result.one())


async def find_live_token(transaction: AsyncConnection, *, id_or_name: int | str) -> Token | None:
    """Return the token of that id or name that is not revoked (it may have expired), or None."""
    column = tokens.c.id if isinstance(id_or_name, int) else tokens.c.name
    query = select(tokens).where(column == id_or_name, tokens.c.revoked_at.is_(None))
    row = (await transaction.execute(query)).one_or_none()
    return None if row is None else _token(row)


async def maker_of(transaction: AsyncConnection, name: str) -> str | None:
    """Return who made the newest token of that name, revoked or not; None where there was none."""
    query = select(tokens.c.created_by).where(tokens.c.name == name).order_by(tokens.c.id.desc()).limit(1)
    return (await transaction.execute(query)).scalar_one_or_none()


async def mark_revoked(transaction: AsyncConnection, token_id: int, *, now: int) -> None:
    """Revoke; a token revoked before keeps its time."""
    await transaction.execute(
        update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=now)
    )


async def read_tokens(transaction: AsyncConnection, *, include_revoked: bool) -> tuple[Token, ...]:
    """Return every token, oldest first."""
    query = select(tokens).order_by(tokens.c.id)
    if not include_revoked:
        query = query.where(tokens.c.revoked_at.is_(None))
    return tuple(_token(row) for row in await transaction.execute(query))


async def tokens_of_owner(transaction: AsyncConnection, owner_id: int) -> tuple[Token, ...]:
    """Return an owner's tokens that are not revoked."""
    query = select(tokens).where(tokens.c.owner_id == owner_id, tokens.c.revoked_at.is_(None))
    return tuple(_token(row) for row in await transaction.execute(query))


async def usable_tokens(
    transaction: AsyncConnection, *, now: int, only_ids: Sequence[int] | None = None
) -> AsyncIterator[list[Token]]:
    """Yield, in batches, the tokens that still open something at `now`; of `only_ids` if given."""
    query = select(tokens).where(
        tokens.c.revoked_at.is_(None), or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now)
    )
    if only_ids is not None:
        query = query.where(tokens.c.id.in_(only_ids))
    stream = await transaction.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE})
    async for rows in stream.partitions():
        yield [_token(row) for row in rows]


def _token(row: Row[*tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        hash=row.hash,
        scopes=tuple(row.scopes.split()),
        trunk=row.trunk,
        owner_id=row.owner_id,
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
