"""How often something may be tried: counted in the record, so that all processes and nodes count together."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble
from gateway.record.attempts import count_attempts
from gateway.registry.codes import Limit


async def check_limit(
    transaction: AsyncConnection, purpose: str, subject: str, limit: Limit, *, now: int
) -> None:
    """Refuse one too many. Raises CommandError."""
    if await count_attempts(transaction, purpose, subject, since=now - limit.seconds) >= limit.most:
        raise CommandError(f"too often: {limit}. Try again later", trouble=Trouble.TOO_OFTEN)
