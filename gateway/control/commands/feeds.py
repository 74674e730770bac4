"""Pausing feeds of evidence: nothing of a paused feed is taken in; what was taken before still counts."""

from __future__ import annotations

from gateway.control.commands.documents import render_time
from gateway.control.commands.problems import CommandError, Trouble, check_name, check_reason
from gateway.record.audit import append_audit
from gateway.record.engine import Record
from gateway.record.paused_feeds import (
    PausedFeed,
    delete_paused,
    find_paused,
    insert_paused,
    read_paused,
)


async def pause_feed(record: Record, feed: str, reason: str, *, actor: str, now: int) -> PausedFeed:
    """Pause a feed, whether or not anything of it was ever imported. Raises CommandError."""
    paused = PausedFeed(check_name(feed, "/feed"), check_reason(reason), now, actor)
    async with record.write() as transaction:
        if await find_paused(transaction, feed) is not None:
            raise CommandError(f"the feed {feed} is paused already", trouble=Trouble.CONFLICT)
        await insert_paused(transaction, paused)
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="feed.pause",
            subject=f"feed:{feed}",
            detail={"reason": paused.reason},
        )
    return paused


async def resume_feed(record: Record, feed: str, *, actor: str, now: int) -> PausedFeed:
    """Let it run again, and return its pause as it was. Raises CommandError."""
    async with record.write() as transaction:
        paused = await find_paused(transaction, feed)
        if paused is None:
            raise CommandError(f"no feed {feed[:64]!r} is paused", trouble=Trouble.MISSING)
        await delete_paused(transaction, feed)
        await append_audit(
            transaction, at=now, actor=actor, action="feed.resume", subject=f"feed:{feed}", detail={}
        )
    return paused


async def list_paused(record: Record) -> list[PausedFeed]:
    """Every feed that is paused."""
    async with record.read() as transaction:
        return await read_paused(transaction)


async def refuse_paused(record: Record, feed: str) -> None:
    """Raise CommandError where nothing of this feed is to be taken in."""
    async with record.read() as transaction:
        paused = await find_paused(transaction, feed)
    if paused is not None:
        raise CommandError(
            f"the feed {feed} is paused by {paused.paused_by}: {paused.reason}; "
            f"`callmark feed resume {feed}` lets it run again",
            "/feed",
            trouble=Trouble.CONFLICT,
        )


def paused_document(paused: PausedFeed) -> dict[str, object]:
    """A pause, as it is answered."""
    return {
        "feed": paused.feed,
        "reason": paused.reason,
        "paused": render_time(paused.paused_at),
        "paused_by": paused.paused_by,
    }
