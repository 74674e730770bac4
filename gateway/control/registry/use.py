"""How an owner's numbers are used, and forged: counted from the journal, for the owner to see.

Around a crash of the control process some calls are counted twice: the journal is read again from where it
was last saved. For a chart that is better than a transaction for every call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from gateway.attestation.decide import TrunkKind
from gateway.control.registry.claims import find_own
from gateway.facts.values import StandingRegistration
from gateway.generation.trunks import Trunk
from gateway.journal import Record as CallRecord
from gateway.reasons import Verstat
from gateway.record.engine import Record
from gateway.record.use import KEPT_DAYS, Shown, add_calls, forget_calls, read_calls

Find = Callable[[str], Iterable[StandingRegistration]]
"""The registrations in force on a number."""

OWN, FOREIGN, UNKNOWN = "own", "foreign", "unknown"
_OWN_LINES = frozenset({TrunkKind.ACCESS, TrunkKind.CUSTOMER})


def count_calls(calls: Iterable[CallRecord], *, trunks: Mapping[str, Trunk], find: Find) -> Counter[Shown]:
    """Count the calls that showed a registered number; the others cost one look-up."""
    counts: Counter[Shown] = Counter()
    for call in calls:
        trunk = trunks.get(call.trunk)
        if trunk is None:
            continue
        for tn in dict.fromkeys(filter(None, (call.orig, call.network_tn))):
            for fact in find(tn):
                counts[_shown(call, trunk, fact)] += 1
    return counts


def _shown(call: CallRecord, trunk: Trunk, fact: StandingRegistration) -> Shown:
    day = datetime.fromtimestamp(call.time, UTC).date().isoformat()
    outcome = call.action or f"signed-{call.attest or 'not'}"
    return Shown(fact.id, day, trunk.kind.value, _whose(call, trunk, fact), outcome)


def _whose(call: CallRecord, trunk: Trunk, fact: StandingRegistration) -> str:
    """Whose call it was, by its way; an ordinary domestic way says nothing."""
    declared = fact.declared
    if declared.never_calls_out:
        return FOREIGN
    if trunk.name in declared.trunks:
        return OWN
    if call.verstat == Verstat.TN_VALIDATION_PASSED.value and call.attest == "A":
        return FOREIGN if declared.providers.isdisjoint(call.spcs) and declared.providers else OWN
    if trunk.kind in _OWN_LINES or (trunk.kind is TrunkKind.INTERNATIONAL and call.roaming != "true"):
        return FOREIGN
    return UNKNOWN


async def note_calls(record: Record, counts: Mapping[Shown, int]) -> None:
    """Add counts to the record. Raises RecordError."""
    async with record.write() as transaction:
        await add_calls(transaction, counts)


async def show_use(
    record: Record, registration_id: int, *, owner_id: int | None, days: int, now: int
) -> tuple[tuple[Shown, int], ...]:
    """Return the counts of the last days, today among them, oldest first. Raises CommandError."""
    since = (datetime.fromtimestamp(now, UTC).date() - timedelta(days=days - 1)).isoformat()
    async with record.read() as transaction:
        await find_own(transaction, registration_id, owner_id=owner_id)
        return await read_calls(transaction, registration_id, since=since)


async def forget_use(record: Record, *, now: int) -> None:
    """Remove what is older than it is kept. Raises RecordError."""
    before = (datetime.fromtimestamp(now, UTC).date() - timedelta(days=KEPT_DAYS)).isoformat()
    async with record.write() as transaction:
        await forget_calls(transaction, before=before)
