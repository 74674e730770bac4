"""Whether the record can be read, has the tables this program knows, and which tokens end soon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.doctor.diagnosis import DAY_SECONDS, Diagnosis, attention, good, lasting, unknown, wrong

RECORD: Final = "record"
TOKENS: Final = "tokens"
SOON_SECONDS: Final = 14 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """A token that was not revoked."""

    name: str
    scopes: tuple[str, ...]
    trunk: str | None
    expires_at: int | None
    """Epoch seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSeen:
    """The record as it is, without bringing it up to date."""

    where: str
    problem: str = ""
    is_there: bool = True
    version: str | None = None
    newest: str = ""
    """The version this program brings a record to."""
    is_known: bool = True
    """Whether `version` is one this program knows."""
    tokens: tuple[TokenSeen, ...] = ()


def judge_record(seen: RecordSeen, *, now: int) -> Iterator[Diagnosis]:
    """Its version, then every token that has ended or soon will."""
    if not seen.is_there:
        yield unknown(RECORD, f"{seen.where} is not there yet: the first start makes it.", "callmark serve")
        return
    if seen.problem:
        yield wrong(RECORD, f"{seen.problem}.", "callmark audit verify")
        return
    if not seen.is_known:
        yield wrong(
            RECORD,
            f"{seen.where} is of version {seen.version}, this program knows up to {seen.newest}: it was "
            "written by a newer Callmark.",
            "callmark --version",
        )
        return
    if seen.version != seen.newest:
        yield attention(
            RECORD,
            f"{seen.where} is of version {seen.version or 'none'}; the next start brings it to "
            f"{seen.newest}. Keep a copy first: there is no way back.",
            f"cp {seen.where} {seen.where}.before-{seen.newest}",
        )
    else:
        yield good(RECORD, f"{seen.where} is of the newest version, {seen.newest}.")
    yield from _judge_tokens(seen.tokens, now)


def _judge_tokens(tokens: tuple[TokenSeen, ...], now: int) -> Iterator[Diagnosis]:
    is_fine = True
    for each in tokens:
        left = None if each.expires_at is None else each.expires_at - now
        if left is None or left > SOON_SECONDS:
            continue
        is_fine = False
        scopes = " ".join(f"--scope {scope}" for scope in each.scopes)
        trunk = f" --trunk {each.trunk}" if each.trunk else ""
        new = f"callmark token create --name {each.name}-next {scopes}{trunk}"
        if left > 0:
            yield attention(TOKENS, f"The token {each.name} ends in {lasting(left)}.", new)
        else:
            yield attention(
                TOKENS,
                f"The token {each.name} ended {lasting(-left)} ago, and opens nothing.",
                f"callmark token revoke {each.name}",
            )
    if is_fine:
        yield good(TOKENS, f"{len(tokens)} in use, none ends soon." if tokens else "There are none.")
