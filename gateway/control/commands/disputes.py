"""Disputed reputations: opened by whoever holds the number, upheld or rejected by an operator.

An owner disputes what is said of a number that it has proven; for anybody else an operator opens the dispute,
and answers for having asked whose the number is. Upheld, the number is released: its sightings stay in the
record and those of days up to that one count no more. It is no operator's decision: the next complaint counts
like any other's first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.control.commands.problems import CommandError, Trouble, check_reason
from gateway.control.registry.limits import check_limit
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.numbers.ranges import NumberRange
from gateway.record.attempts import note_attempts
from gateway.record.audit import append_audit
from gateway.record.disputes import (
    Dispute,
    answer_open_dispute,
    disputes_about,
    find_dispute,
    find_open_dispute,
    insert_dispute,
    read_disputes,
)
from gateway.record.engine import Record
from gateway.record.notices import add_notice
from gateway.record.registrations import overlapping
from gateway.record.sightings import expire_sightings
from gateway.registry.codes import Limit
from gateway.registry.states import IN_FORCE
from gateway.reputation.dispute import ANSWER_DAYS, DisputeState

DISPUTES_OF_AN_OWNER: Final = Limit(50)
_LONGEST_STATEMENT: Final = 1_000
_PURPOSE: Final = "dispute-owner"
_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Answered:
    """A dispute with its answer."""

    dispute: Dispute
    sightings: int
    """How many no longer count; 0 where it was rejected."""


async def open_dispute(
    record: Record,
    text: str,
    statement: str,
    *,
    owner_id: int | None,
    rules: DiallingRules,
    actor: str,
    now: int,
) -> Dispute:
    """Dispute what is said of the number written in `text`; None for `owner_id` is an operator's word.

    Raises CommandError: for an owner, who has to have proven the number, all other numbers are alike.
    """
    tn = _tn(text, rules)
    statement = statement.strip()
    if not 0 < len(statement) <= _LONGEST_STATEMENT or not statement.isprintable():
        raise CommandError(f"is 1 to {_LONGEST_STATEMENT} printable characters", "/statement")
    async with record.write() as transaction:
        registration_id = await _registration(transaction, tn, owner_id)
        if owner_id is not None:
            if registration_id is None:
                raise CommandError("is no number that you have proven: register it first", "/tn")
            await check_limit(transaction, _PURPOSE, str(owner_id), DISPUTES_OF_AN_OWNER, now=now)
            await note_attempts(transaction, [(_PURPOSE, str(owner_id))], now=now)
        known = await find_open_dispute(transaction, tn)
        if known is not None:
            raise CommandError("is disputed already; that dispute is open", "/tn", trouble=Trouble.CONFLICT)
        dispute = await _insert(transaction, tn, statement, owner_id=owner_id, actor=actor, now=now)
        if owner_id is not None:
            words = (
                f"Your dispute about {to_e164(tn)} is open: an operator answers it by {_day(dispute.due_at)}."
            )
            await add_notice(
                transaction, owner_id=owner_id, registration_id=registration_id, words=words, now=now
            )
    return dispute


async def answer_dispute(
    record: Record, dispute_id: int, state: DisputeState, reason: str, *, actor: str, now: int
) -> Answered:
    """Uphold or reject an open dispute, and tell its owner. Raises CommandError."""
    reason = check_reason(reason)
    if state is DisputeState.OPEN:
        raise CommandError("is upheld or rejected", "/state")
    async with record.write() as transaction:
        if await find_dispute(transaction, dispute_id, owner_id=None) is None:
            raise _missing(dispute_id)
        return await _answer(transaction, dispute_id, state, reason, actor=actor, now=now)


async def release_number(
    record: Record, text: str, reason: str, *, rules: DiallingRules, actor: str, now: int
) -> Answered:
    """Uphold the open dispute about a number, or one that is opened for it at once. Raises CommandError."""
    tn = _tn(text, rules)
    reason = check_reason(reason)
    async with record.write() as transaction:
        dispute = await find_open_dispute(transaction, tn)
        if dispute is None:
            dispute = await _insert(transaction, tn, reason, owner_id=None, actor=actor, now=now)
        return await _answer(transaction, dispute.id, DisputeState.UPHELD, reason, actor=actor, now=now)


async def show_dispute(record: Record, dispute_id: int, *, owner_id: int | None) -> Dispute:
    """Return a dispute; for an owner a foreign one is as good as missing. Raises CommandError."""
    async with record.read() as transaction:
        dispute = await find_dispute(transaction, dispute_id, owner_id=owner_id)
    if dispute is None:
        raise _missing(dispute_id)
    return dispute


async def list_disputes(
    record: Record, *, owner_id: int | None, state: DisputeState | None, after_id: int, limit: int
) -> tuple[Dispute, ...]:
    """Return a page, oldest first."""
    async with record.read() as transaction:
        return await read_disputes(
            transaction, owner_id=owner_id, state=state, after_id=after_id, limit=limit
        )


async def list_disputes_about(
    record: Record, numbers: NumberRange, *, owner_id: int, limit: int
) -> tuple[Dispute, ...]:
    """Return the latest disputes of an owner about these numbers, newest first."""
    async with record.read() as transaction:
        return await disputes_about(transaction, numbers, owner_id=owner_id, limit=limit)


async def _insert(
    transaction: AsyncConnection,
    tn: TelephoneNumber,
    statement: str,
    *,
    owner_id: int | None,
    actor: str,
    now: int,
) -> Dispute:
    dispute = await insert_dispute(
        transaction,
        tn,
        statement=statement,
        owner_id=owner_id,
        actor=actor,
        now=now,
        due_at=now + ANSWER_DAYS * _SECONDS_A_DAY,
    )
    # Without the statement: it can be taken out of the dispute's row, and out of the audit nothing can.
    await append_audit(
        transaction,
        at=now,
        actor=actor,
        action="dispute.open",
        subject=f"dispute:{dispute.id}",
        detail={"tn": tn, "owner_id": owner_id},
    )
    return dispute


async def _answer(
    transaction: AsyncConnection, dispute_id: int, state: DisputeState, reason: str, *, actor: str, now: int
) -> Answered:
    dispute = await answer_open_dispute(transaction, dispute_id, state, words=reason, actor=actor, now=now)
    if dispute is None:
        raise CommandError(f"dispute {dispute_id} is answered already", trouble=Trouble.CONFLICT)
    expired = 0
    if state is DisputeState.UPHELD:
        expired = await expire_sightings(
            transaction, dispute.tn, until=datetime.fromtimestamp(now, UTC).date()
        )
    await append_audit(
        transaction,
        at=now,
        actor=actor,
        action="dispute.uphold" if state is DisputeState.UPHELD else "dispute.reject",
        subject=f"dispute:{dispute.id}",
        detail={"tn": dispute.tn, "reason": reason, "sightings": expired},
    )
    if dispute.owner_id is not None:
        became = "upheld: what was said of it until today no longer counts"
        words = f"Your dispute about {to_e164(dispute.tn)} was " + (
            f"{became}. {reason}" if state is DisputeState.UPHELD else f"rejected: {reason}"
        )
        registration_id = await _registration(transaction, dispute.tn, dispute.owner_id)
        await add_notice(
            transaction, owner_id=dispute.owner_id, registration_id=registration_id, words=words, now=now
        )
    return Answered(dispute, expired)


async def _registration(
    transaction: AsyncConnection, tn: TelephoneNumber, owner_id: int | None
) -> int | None:
    """The registration in force by which the owner has the number."""
    if owner_id is None:
        return None
    found = await overlapping(transaction, NumberRange(tn), states=IN_FORCE, owner_id=owner_id, limit=1)
    return found[0].id if found else None


def _tn(text: str, rules: DiallingRules) -> TelephoneNumber:
    try:
        return canonical(text, rules)
    except NumberError as error:
        raise CommandError(error.problem, "/tn") from error


def _missing(dispute_id: int) -> CommandError:
    return CommandError(f"there is no dispute {dispute_id}", trouble=Trouble.MISSING)


def _day(at: int) -> str:
    return str(datetime.fromtimestamp(at, UTC).date())
