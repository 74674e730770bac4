"""What the record learns from the journal: the calls' traffic, the use of owners' numbers, calls that prove.

In steps, so that one which the record refuses is repeated alone: what the others counted is counted once.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from gateway.control.evidence.traffic import Traffic
from gateway.control.journal.journal_task import Take
from gateway.control.registry.calls import complete_call, proving_call
from gateway.control.registry.use import count_calls, note_calls
from gateway.facts.reader import FactsReader
from gateway.facts.values import FactsUnavailable, StandingRegistration
from gateway.generation.generation import PolicyPart
from gateway.journal import Entry
from gateway.journal import Record as CallRecord
from gateway.record import Record


class Learning:
    """One per control process."""

    def __init__(
        self,
        record: Record,
        facts: FactsReader,
        traffic: Traffic,
        *,
        policy: Callable[[], PolicyPart | None],
        follow: Callable[[], Awaitable[None]],
    ) -> None:
        """`follow` lets the facts follow the record."""
        self._record = record
        self._facts = facts
        self._policy = policy
        self._follow = follow
        self.steps: Sequence[Take] = (traffic.take, traffic.settle, self._count_use, self._complete_calls)
        """Each raises RecordError, and then has changed nothing, or what it changes no further."""

    async def _count_use(self, entries: Sequence[Entry]) -> None:
        policy, now = self._policy(), int(time.time())
        if policy is None:
            return
        counts = count_calls(
            _calls(entries), trunks=policy.by_name, find=lambda tn: self._registered(tn, now)
        )
        if counts:
            await note_calls(self._record, counts)

    async def _complete_calls(self, entries: Sequence[Entry]) -> None:
        policy, now = self._policy(), int(time.time())
        if policy is None or not policy.registry.call_destinations:
            return
        for call in _calls(entries):
            proving = proving_call(call, trunks=policy.by_name, policy=policy.registry)
            if proving is not None and await complete_call(
                self._record, proving, policy=policy.registry, now=now
            ):
                await self._follow()

    def _registered(self, tn: str, now: int) -> Sequence[StandingRegistration]:
        facts = self._facts.registrations(tn, now=now)
        return () if isinstance(facts, FactsUnavailable) else facts


def _calls(entries: Sequence[Entry]) -> list[CallRecord]:
    return [entry for entry in entries if isinstance(entry, CallRecord)]
