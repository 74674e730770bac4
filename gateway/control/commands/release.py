"""Releasing a number: what was said of it until today no longer counts, what is said later does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from gateway.control.commands.documents import read_members, read_text
from gateway.control.commands.problems import CommandError, check_reason
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical, to_e164
from gateway.record.audit import append_audit
from gateway.record.disputes import insert_upheld_dispute
from gateway.record.engine import Record
from gateway.record.sightings import expire_sightings


@dataclass(frozen=True, slots=True)
class Release:
    """A number whose dispute was upheld on `day`."""

    id: int
    tn: TelephoneNumber
    day: date
    sightings: int
    """How many no longer count."""


async def release_number(
    record: Record, text: str, reason: str, *, rules: DiallingRules, actor: str, now: int
) -> Release:
    """Let the sightings of a number up to today count no more; they stay in the record. Raises CommandError.

    Not an operator's decision: the next complaint counts like any other's first.
    """
    try:
        tn = canonical(text, rules)
    except NumberError as error:
        raise CommandError(error.problem, "/tn") from error
    reason = check_reason(reason)
    today = datetime.fromtimestamp(now, UTC).date()
    async with record.write() as transaction:
        expired = await expire_sightings(transaction, tn, until=today)
        dispute = await insert_upheld_dispute(transaction, tn, statement=reason, actor=actor, now=now)
        await append_audit(
            transaction,
            at=now,
            actor=actor,
            action="reputation.release",
            subject=f"dispute:{dispute}",
            detail={"tn": tn, "reason": reason, "sightings": expired},
        )
    return Release(dispute, tn, today, expired)


def parse_release(document: object) -> tuple[str, str]:
    """Read `{"tn", "reason"}`. Raises CommandError with the place."""
    members = read_members(document, required=("tn", "reason"), optional=())
    return read_text(members, "tn"), read_text(members, "reason")


def release_document(release: Release) -> dict[str, object]:
    """The release as JSON."""
    return {
        "id": release.id,
        "tn": to_e164(release.tn),
        "day": str(release.day),
        "sightings": release.sightings,
    }
