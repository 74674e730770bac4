"""Creating, listing and revoking bearer tokens. A token is shown once, by `create_token`'s result."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble, check_expiry, check_name
from gateway.facts.tokens import TOKEN_BYTES, Scope, hash_token, render_token
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.outbox import ChangeKind, announce_change
from gateway.record.tokens import Token, find_live_token, insert_token, mark_revoked, read_tokens


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a new token should be. `trunk` binds it to one trunk of `trunks.toml`."""

    name: str
    scopes: tuple[str, ...]
    trunk: str | None = None
    expires_at: int | None = None
    owner_id: int | None = None
    """With the scope `owner`: whose numbers it opens."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token: the only place where it is in clear."""

    secret: str = field(repr=False)
    token: Token


async def create_token(record: Record, request: TokenRequest, *, actor: str, now: int) -> CreatedToken:
    """Make a token of 256 random bits. Raises CommandError."""
    name = check_name(request.name, "/name")
    if name.isdigit():
        raise CommandError("a name is not digits alone: it would be taken for a token's id", "/name")
    scopes = _check_scopes(request.scopes)
    trunk = None if request.trunk is None else check_name(request.trunk, "/trunk")
    expires_at = check_expiry(request.expires_at, now=now)
    secret = render_token(secrets.token_bytes(TOKEN_BYTES))
    token_hash = hash_token(secret)
    if token_hash is None:
        raise AssertionError("render_token and hash_token disagree on what a token is")
    async with record.write() as transaction:
        if await find_live_token(transaction, id_or_name=name) is not None:
            raise CommandError(
                f"there is a token named {name} already: revoke it first, or choose another name",
                "/name",
                trouble=Trouble.CONFLICT,
            )
        token = await insert_token(
            transaction,
            name=name,
            token_hash=token_hash,
            scopes=scopes,
            trunk=trunk,
            owner_id=request.owner_id,
            created_at=now,
            created_by=actor,
            expires_at=expires_at,
        )
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="token.create",
            subject=f"token:{token.id}",
            detail={"name": name, "scopes": list(token.scopes), "trunk": trunk, "expires_at": expires_at},
        )
        await announce_change(transaction, ChangeKind.TOKEN, subject_id=token.id, now=now)
    return CreatedToken(secret=secret, token=token)


async def list_tokens(record: Record, *, include_revoked: bool = False) -> tuple[Token, ...]:
    """Return the tokens, oldest first; expired ones too, until they are revoked."""
    async with record.read() as transaction:
        return await read_tokens(transaction, include_revoked=include_revoked)


async def revoke_token(record: Record, id_or_name: int | str, *, actor: str, now: int) -> Token:
    """Revoke the token of that id or name and return it as it was. Raises CommandError."""
    async with record.write() as transaction:
        token = await find_live_token(transaction, id_or_name=id_or_name)
        if token is None:
            raise CommandError(
                f"there is no token {id_or_name} that could be revoked; `callmark token list` shows them",
                trouble=Trouble.MISSING,
            )
        await revoke_in(transaction, token, actor=actor, now=now)
    return token


async def revoke_in(transaction: AsyncConnection, token: Token, *, actor: str, now: int) -> None:
    """Revoke a live token in the transaction of something greater."""
    await mark_revoked(transaction, token.id, now=now)
    await append_audit(
        transaction,
        at=now,
        actor=actor,
        action="token.revoke",
        subject=f"token:{token.id}",
        detail={"name": token.name},
    )
    await announce_change(transaction, ChangeKind.TOKEN, subject_id=token.id, now=now)


def _check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    allowed = ", ".join(Scope)
    if not scopes:
        raise CommandError(f"a token needs at least one scope of {allowed}", "/scopes")
    for position, scope in enumerate(scopes):
        if scope not in frozenset(Scope):
            raise CommandError(f"{scope[:40]!r} is not a scope; they are {allowed}", f"/scopes/{position}")
    return scopes
