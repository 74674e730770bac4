"""What the control process learns of calls from the journal: by which path each came, and how it ended.

An event that the record had already changes nothing; a new one is added to its number's and block's traffic
in Redis by the path its call came by. A call nobody was asked about has its trunk's kind and no signature.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from gateway.control.evidence.call_paths import CallPaths, call_key, pair_key
from gateway.control.evidence.reporters import Reporters
from gateway.control.evidence.scorekeeper import Scorekeeper
from gateway.generation.generation import PolicyPart
from gateway.journal import CallEvent, CallEvents, Entry
from gateway.journal import Record as CallRecord
from gateway.knowledge.traffic import (
    Subject,
    TrafficStore,
    block_subject,
    named_subject,
    number_subject,
)
from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.reasons import Verstat
from gateway.record import Record, RecordError
from gateway.record.call_events import KEPT_SECONDS, add_call_events, forget_call_events
from gateway.record.lease import LeaseLostError
from gateway.record.scorecards import KEPT_DAYS, add_to_scorecards, forget_scorecards
from gateway.record.sightings import add_sightings
from gateway.reputation.path import SignatureState, path_of, path_of_call
from gateway.reputation.sighting import Sighting
from gateway.reputation.traffic import LEAST_ONE_RING, Shape, is_one_ring, is_short

FORGET_SECONDS: Final = 600.0
MOST_SUSPECTS: Final = 10_000
"""Numbers that ring once, of which call-backs are counted."""
MOST_SUMS: Final = 10_000
_OWN_LINES: Final = frozenset({"access", "customer"})

HONEYPOT_FEED: Final = "honeypot"
Renew: TypeAlias = Callable[[Collection[TelephoneNumber]], Awaitable[None]]
Counts = dict[Subject, list[int]]
_CALLS, _ENDED, _SHORT, _ONE_RING, _CALLED_BACK = (
    Shape.__struct_fields__.index(name) for name in ("calls", "ended", "short", "one_ring", "called_back")
)


class Traffic:
    """One per control process."""

    def __init__(
        self,
        record: Record,
        store: TrafficStore,
        recent: CallPaths,
        *,
        policy: Callable[[], PolicyPart | None],
        renew: Renew,
        leaders_record: Callable[[], Record | None],
    ) -> None:
        """`renew` brings numbers of the record up to date in Redis; `leaders_record`: for its forgetting."""
        self.recent = recent
        self.reporters = Reporters()
        self.scorekeeper = Scorekeeper()
        self._record = record
        self._store = store
        self._policy = policy
        self._renew = renew
        self._leaders_record = leaders_record
        self._suspects: dict[str, Subject] = {}
        self._sums: Counts = {}
        self._named: dict[Subject, tuple[str, str]] = {}
        self._shapes: dict[Subject, Shape] = {}
        self._forgot_at = float("-inf")

    async def take(self, entries: Sequence[Entry]) -> None:
        """Take a portion of the journal. Raises RecordError: then nothing of it is counted."""
        policy = self._policy()
        if policy is None:
            return
        ended: list[CallEvent] = []
        calls: list[CallRecord] = []
        honeypots: list[Sighting] = []
        for entry in entries:
            if isinstance(entry, CallEvents):
                ended += entry.events
            elif entry.verstat is not None:
                self._remember(entry, policy)
                calls.append(entry)
                honeypots += self._honeypot(entry, policy)
        if honeypots:
            async with self._record.write() as transaction:
                await add_sightings(transaction, honeypots)
            await self._renew({each.tn for each in honeypots})
        new: Sequence[CallEvent] = ()
        if ended:
            async with self._record.write() as transaction:
                new = await add_call_events(transaction, ended)
        # The record has what is for it: from here on nothing fails, and so nothing is counted again.
        for call in calls:
            self._count_call(call)
        await self._tell(new, policy)
        await self._sum(policy)

    async def settle(self, _: Sequence[Entry] = ()) -> None:
        """Put what was counted of providers into the record, and forget what is old. Raises RecordError."""
        await self.write_scorecards()
        await self._forget()

    async def write_scorecards(self) -> None:
        """Put what was counted of providers into the record. Raises RecordError: then it waits on."""
        counted = self.scorekeeper.take()
        if not counted:
            return
        try:
            async with self._record.write() as transaction:
                await add_to_scorecards(transaction, counted)
        except RecordError:
            self.scorekeeper.put_back(counted)
            raise

    def sums(self) -> list[tuple[str, str, Shape]]:
        """Return kind (`trunk`, `certificate`), name and window of what had calls, most calls first."""
        found = [(*self._named[subject], shape) for subject, shape in self._shapes.items()]
        return sorted(found, key=lambda each: (each[0], -each[2].calls, each[1]))

    async def _sum(self, policy: PolicyPart) -> None:
        """Add up trunks and certificates of all nodes in Redis, and remember what they came to."""
        sums, self._sums = self._sums, {}
        if not sums:
            return
        if len(self._shapes) > MOST_SUMS:
            self._shapes.clear()
            self._named = {each: self._named[each] for each in sums}
        shapes = await self._store.tell(sums, window_seconds=policy.verdict.traffic.window_seconds)
        self._shapes |= shapes

    def _sums_of(self, kind: str, name: str) -> list[int]:
        subject = named_subject(kind, name)
        self._named[subject] = kind, name
        return _counts_of(self._sums, subject)

    def path_of_event(self, event: CallEvent, policy: PolicyPart) -> str | None:
        """By which path the event's call came; None where its trunk is no more."""
        known = self.recent.find(call_key(event.trunk, event.call_id))
        if known is not None and known.path:
            return known.path
        trunk = policy.by_name.get(event.trunk)
        return None if trunk is None else path_of(trunk.kind, SignatureState.UNSIGNED)

    def _count_call(self, call: CallRecord) -> None:
        self._sums_of("trunk", call.trunk)[_CALLS] += 1
        if call.fingerprint is not None:
            self._sums_of("certificate", call.fingerprint)[_CALLS] += 1
        self.scorekeeper.count(call)

    def _remember(self, record: CallRecord, policy: PolicyPart) -> None:
        trunk = policy.by_name.get(record.trunk)
        if trunk is None or record.verstat is None:
            return
        path = path_of_call(trunk.kind, Verstat(record.verstat))
        names = [call_key(record.trunk, record.call_id)]
        shown = record.orig or record.network_tn
        if shown is not None and record.dests:
            names.append(pair_key(shown, record.dests[0]))
        for key in names:
            self.recent.add(key, at=int(record.time), path=path, fingerprint=record.fingerprint)

    def _honeypot(self, record: CallRecord, policy: PolicyPart) -> list[Sighting]:
        """A call to a number that nobody has, as what is known of the number it showed, by its path."""
        trunk, shown = policy.by_name.get(record.trunk), record.orig or record.network_tn
        if trunk is None or record.verstat is None or shown is None or not record.dests:
            return []
        called = TelephoneNumber(record.dests[0])
        if not policy.verdict.honeypots.find(called) or not is_international(TelephoneNumber(shown)):
            return []
        return [
            Sighting(
                tn=TelephoneNumber(shown),
                day=datetime.fromtimestamp(record.time, UTC).date(),
                feed=HONEYPOT_FEED,
                reporter=f"honeypot-{called}",
                label="called a number that nobody has",
                path=path_of_call(trunk.kind, Verstat(record.verstat)),
            )
        ]

    async def _tell(self, events: Sequence[CallEvent], policy: PolicyPart) -> None:
        counts: Counts = {}
        numbers: dict[Subject, str] = {}
        for event in events:
            self._count(event, policy, counts, numbers)
        if not counts:
            return
        window_seconds = policy.verdict.traffic.window_seconds
        shapes = await self._store.tell(counts, window_seconds=window_seconds)
        for subject, tn in numbers.items():
            shape = shapes.get(subject)
            if shape is not None and shape.one_ring >= LEAST_ONE_RING:
                if len(self._suspects) >= MOST_SUSPECTS:
                    self._suspects.clear()
                self._suspects[tn] = subject

    def _count(
        self, event: CallEvent, policy: PolicyPart, counts: Counts, numbers: dict[Subject, str]
    ) -> None:
        trunk = policy.by_name.get(event.trunk)
        suspect = self._suspects.get(event.dest)
        if suspect is not None and trunk is not None and trunk.kind in _OWN_LINES:
            _counts_of(counts, suspect)[_CALLED_BACK] += 1
        of_trunk = self._sums_of("trunk", event.trunk)
        of_trunk[_ENDED] += 1
        of_trunk[_SHORT] += is_short(answered=event.answered, duration_seconds=event.duration_seconds)
        path = self.path_of_event(event, policy)
        if path is None or event.orig is None or not is_international(TelephoneNumber(event.orig)):
            return
        answered, seconds = event.answered, event.duration_seconds
        number = number_subject(path, event.orig)
        numbers[number] = event.orig
        for subject in (number, block_subject(path, event.orig)):
            of_subject = _counts_of(counts, subject)
            of_subject[_ENDED] += 1
            of_subject[_SHORT] += is_short(answered=answered, duration_seconds=seconds)
            of_subject[_ONE_RING] += is_one_ring(
                answered=answered, duration_seconds=seconds, cause=event.cause
            )

    async def _forget(self) -> None:
        if time.monotonic() - self._forgot_at < FORGET_SECONDS:
            return
        record = self._leaders_record()
        if record is None:
            return
        with contextlib.suppress(LeaseLostError):
            async with record.write() as transaction:
                await forget_call_events(transaction, before=int(time.time()) - KEPT_SECONDS)
                oldest = datetime.now(UTC).date() - timedelta(days=KEPT_DAYS)
                await forget_scorecards(transaction, before=oldest.isoformat())
        self._forgot_at = time.monotonic()


def _counts_of(counts: Counts, subject: Subject) -> list[int]:
    return counts.setdefault(subject, [0] * len(Shape.__struct_fields__))
