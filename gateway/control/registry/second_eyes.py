"""Whether two approvals are two people's, where a protected number needs a second pair of eyes.

A credential is in the hands of whoever made it: a token's secret and a person's first password are shown to
its maker, and a new password to who reset it. So neither is a second pair of eyes beside its maker, nor
beside whoever could have signed in as that maker. That two people agree to deceive cannot be seen here; the
audit names both.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.audit import audit_of
from gateway.record.tokens import maker_of

_TOKEN = "token:"  # noqa: S105 - how the audit calls one
_PERSON = "person:"
_KNOW_THE_PASSWORD = frozenset({"person.create", "person.reset"})


async def are_two_people(transaction: AsyncConnection, first: str, second: str) -> bool:
    """Say whether these actors of the audit (`person:3`, `token:console`, `cli:alice`) may count as two."""
    one, other = await _hand(transaction, first), await _hand(transaction, second)
    if one == other:
        return False
    return one not in await _knowing(transaction, other) and other not in await _knowing(transaction, one)


async def _hand(transaction: AsyncConnection, actor: str) -> str:
    """Who holds it: of a token its maker, who may have acted with a token too."""
    while actor.startswith(_TOKEN):
        maker = await maker_of(transaction, actor.removeprefix(_TOKEN))
        if maker is None or maker == actor:
            break
        actor = maker
    return actor


async def _knowing(transaction: AsyncConnection, person: str) -> set[str]:
    """Who has been shown a password of this person's, or of one that has, and so on."""
    known: set[str] = set()
    looked_at = [person]
    while looked_at:
        each = looked_at.pop()
        if not each.startswith(_PERSON):
            continue
        rows = [row async for row in audit_of(transaction, each) if row["action"] in _KNOW_THE_PASSWORD]
        makers = {await _hand(transaction, str(row["actor"])) for row in rows} - known
        known |= makers
        looked_at += makers
    return known
