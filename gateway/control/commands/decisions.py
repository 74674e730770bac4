"""Adding, listing and removing operators' decisions on numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.control.commands.problems import CommandError, Trouble, check_expiry, check_reason
from gateway.facts.blocks import MOST_NUMBERS
from gateway.numbers.canonical import DiallingRules, NumberError, canonical, to_e164
from gateway.numbers.ranges import NumberRange
from gateway.record.audit import append_audit
from gateway.record.decisions import (
    Decision,
    find_standing_decision,
    insert_decision,
    mark_removed,
    read_decisions,
)
from gateway.record.engine import Record
from gateway.record.outbox import ChangeKind, announce_change

ACTIONS: Final = ("allow", "label", "challenge", "block")
TRUNK_KINDS: Final = ("access", "customer", "domestic", "international")


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What is decided on a number (`tn`, as dialled) or a range; exactly one of the two."""

    action: str
    reason: str
    tn: str | None = None
    range: str | None = None
    trunk_kind: str | None = None
    expires_at: int | None = None


async def add_decision(
    record: Record, request: DecisionRequest, *, rules: DiallingRules, actor: str, now: int
) -> Decision:
    """Decide. Raises CommandError."""
    numbers = check_decision(request, rules, now=now)
    reason, expires_at = check_reason(request.reason), request.expires_at
    async with record.write() as transaction:
        decision = await insert_decision(
            transaction,
            start=numbers.start,
            count=numbers.count,
            action=request.action,
            trunk_kind=request.trunk_kind,
            reason=reason,
            created_at=now,
            created_by=actor,
            expires_at=expires_at,
        )
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="decision.add",
            subject=f"decision:{decision.id}",
            detail={
                "start": numbers.start,
                "count": numbers.count,
                "action": request.action,
                "trunk_kind": request.trunk_kind,
                "reason": reason,
                "expires_at": expires_at,
            },
        )
        await announce_change(transaction, ChangeKind.DECISION, subject_id=decision.id, now=now)
    return decision


def check_decision(request: DecisionRequest, rules: DiallingRules, *, now: int) -> NumberRange:
    """The numbers that would be decided on. Raises CommandError for what cannot be decided."""
    numbers = _check_numbers(request, rules)
    if request.action not in ACTIONS:
        raise CommandError(f"{request.action[:40]!r} is no action; they are {', '.join(ACTIONS)}", "/action")
    if request.trunk_kind is not None and request.trunk_kind not in TRUNK_KINDS:
        raise CommandError(
            f"{request.trunk_kind[:40]!r} is no kind of trunk; they are {', '.join(TRUNK_KINDS)}",
            "/trunk_kind",
        )
    check_reason(request.reason)
    check_expiry(request.expires_at, now=now)
    return numbers


async def list_decisions(
    record: Record, *, now: int, include_past: bool = False, after_id: int = 0, limit: int = 1_000
) -> tuple[Decision, ...]:
    """Return a page of decisions, oldest first, from the one after `after_id` on."""
    async with record.read() as transaction:
        return await read_decisions(
            transaction, now=now, include_past=include_past, after_id=after_id, limit=limit
        )


async def remove_decision(record: Record, decision_id: int, *, actor: str, now: int) -> Decision:
    """Take a decision back and return it as it was. Raises CommandError."""
    async with record.write() as transaction:
        decision = await find_standing_decision(transaction, decision_id)
        if decision is None:
            raise CommandError(
                f"there is no decision {decision_id} that could be removed; "
                "`callmark decision list` shows them",
                trouble=Trouble.MISSING,
            )
        await mark_removed(transaction, decision_id, now=now)
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="decision.remove",
            subject=f"decision:{decision_id}",
            detail={"start": decision.start, "count": decision.count, "action": decision.action},
        )
        await announce_change(transaction, ChangeKind.DECISION, subject_id=decision_id, now=now)
    return decision


def _check_numbers(request: DecisionRequest, rules: DiallingRules) -> NumberRange:
    if (request.tn is None) == (request.range is None):
        raise CommandError("either tn or range is needed, and not both")
    try:
        if request.range is not None:
            pointer, numbers = "/range", NumberRange.parse(request.range)
            # The range's own text has no dialling rules; its start must still be a canonical number.
            if canonical(to_e164(numbers.start), rules) != numbers.start:
                raise CommandError("the range does not start with a number in international form", "/range")
        else:
            pointer, numbers = "/tn", NumberRange(canonical(request.tn or "", rules))
    except NumberError as error:
        pointer = "/tn" if request.range is None else "/range"
        raise CommandError(error.problem, pointer) from error
    if numbers.count > MOST_NUMBERS:
        raise CommandError(
            f"a decision covers at most {MOST_NUMBERS} numbers, this range has {numbers.count}: "
            "what is meant for a whole country belongs in policy.toml",
            pointer,
        )
    return numbers
