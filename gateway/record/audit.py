"""Who did what to what, when: an append-only chain of hashes.

Each row's hash covers its own fields and the hash before it; the head row keeps the last sequence
and hash. So an edit, a removal (the last rows included), an insertion or a change of order shows.
What it does not prove: someone who may write the file can compute a whole new chain and head. Only
a head noted elsewhere (`callmark audit verify` prints it) tells that apart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.record.heads import GENESIS_HASH, Head, lock_head, move_head, read_head
from gateway.record.schema import audit

_BREAKS_LISTED: Final = 100
"""A rewritten file breaks every link; the first ones say where to look."""

_ROWS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class AuditBreak:
    """One place where the chain does not hold."""

    sequence: int
    problem: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What walking the whole chain found. `head` is worth noting outside the record."""

    rows: int
    head: Head
    breaks: tuple[AuditBreak, ...]
    """The first hundred, in order of sequence."""

    @property
    def is_intact(self) -> bool:
        """Whether nothing was edited, removed, inserted or re-ordered."""
        return not self.breaks


async def append_audit(
    transaction: AsyncConnection,
    *,
    at: int,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> Head:
    """Add a row in the transaction of the change it tells of; return the new head.

    `detail` is JSON values only; TypeError otherwise.
    """
    last = await lock_head(transaction, "audit")
    sequence = last.sequence + 1
    text = json.dumps(detail, sort_keys=True, separators=(",", ":"))
    digest = _hash(
        sequence=sequence, at=at, actor=actor, action=action, subject=subject, detail=text, previous=last.hash
    )
    await transaction.execute(
        insert(audit).values(
            sequence=sequence,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            detail=text,
            previous_hash=last.hash,
            hash=digest,
        )
    )
    head = Head(sequence=sequence, hash=digest)
    await move_head(transaction, "audit", head)
    return head


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row, for people. Times are epoch seconds."""

    sequence: int
    at: int
    actor: str
    action: str
    subject: str
    detail: str
    """JSON."""


async def latest_rows(
    transaction: AsyncConnection, *, before: int | None, action: str | None, limit: int
) -> list[AuditRow]:
    """The rows before a sequence, newest first; `action` is its beginning, such as `decision`."""
    columns = (audit.c.sequence, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    query = select(*columns).order_by(audit.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.sequence < before)
    if action is not None:
        query = query.where(audit.c.action.startswith(f"{action}.", autoescape=True))
    return [AuditRow(*row) for row in await transaction.execute(query)]


async def audit_of(transaction: AsyncConnection, subject: str) -> AsyncIterator[dict[str, object]]:
    """Yield the rows about one subject, oldest first, as they were written."""
    stream = await transaction.stream(
        select(audit).where(audit.c.subject == subject).order_by(audit.c.sequence),
        execution_options={"yield_per": _ROWS_AT_ONCE},
    )
    async for row in stream:
        yield {
            "sequence": row.sequence,
            "at": row.at,
            "actor": row.actor,
            "action": row.action,
            "detail": json.loads(row.detail),
        }


async def verify_chain(transaction: AsyncConnection) -> AuditReport:
    """Walk every row from the first, in bounded memory, and compare the end with the head."""
    head = await read_head(transaction, "audit")
    breaks: list[AuditBreak] = []
    rows, last = 0, Head(sequence=0, hash=GENESIS_HASH)
    stream = await transaction.stream(
        select(audit).order_by(audit.c.sequence), execution_options={"yield_per": _ROWS_AT_ONCE}
    )
    async for row in stream:
        rows += 1
        if row.sequence != last.sequence + 1:
            breaks.append(
                AuditBreak(row.sequence, f"rows {last.sequence + 1} to {row.sequence - 1} are missing")
            )
        elif row.previous_hash != last.hash:
            breaks.append(AuditBreak(row.sequence, "does not follow from the row before it"))
        expected = _hash(
            sequence=row.sequence,
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
            previous=row.previous_hash,
        )
        if row.hash != expected:
            breaks.append(AuditBreak(row.sequence, "was changed after it was written"))
        last = Head(sequence=row.sequence, hash=row.hash)
    if last != head:
        breaks.append(
            AuditBreak(last.sequence, f"the chain ends here; its head says row {head.sequence}, {head.hash}")
        )
    return AuditReport(rows=rows, head=head, breaks=tuple(breaks[:_BREAKS_LISTED]))


def _hash(
    *, sequence: int, at: int, actor: str, action: str, subject: str, detail: str, previous: str
) -> str:
    # A JSON array, so that no two different rows have the same bytes, as plain joining would allow.
    fields = json.dumps([sequence, at, actor, action, subject, detail, previous], separators=(",", ":"))
    return hashlib.sha256(fields.encode("ascii")).hexdigest()
