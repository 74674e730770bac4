"""What the parts of a worker count of themselves, handed to Prometheus a few times a second.

They keep plain numbers, as a counter's price would be paid for each call; here the growth since the last time
is added.
"""

from __future__ import annotations

from prometheus_client import Counter

from gateway import telemetry
from gateway.fetch.chains import ChainCache
from gateway.journal import JournalWriter
from gateway.knowledge.batch import Knowledge


class PlaneCounts:
    """Of one worker."""

    def __init__(self, knowledge: Knowledge, chains: ChainCache, journal: JournalWriter) -> None:
        self._knowledge = knowledge
        self._chains = chains
        self._journal = journal
        self._told: dict[tuple[Counter, str], int] = {}

    def flush(self) -> None:
        """Hand over what grew."""
        knowledge, drops = self._knowledge, self._knowledge.drops
        self._grew(telemetry.EVIDENCE_UNANSWERED, "", knowledge.unanswered)
        self._grew(telemetry.EVIDENCE_DROPPED, "entries", drops.entries)
        self._grew(telemetry.EVIDENCE_DROPPED, "markers", drops.markers)
        self._grew(telemetry.EVIDENCE_DROPPED, "replies", drops.replies)
        self._grew(telemetry.EVIDENCE_DROPPED, "numbers", drops.numbers)
        self._grew(telemetry.CERTIFICATE_LOOKUPS, "memory", self._chains.at_hand)
        self._grew(telemetry.CERTIFICATE_LOOKUPS, "waited", self._chains.asked_for)
        telemetry.LOG_LINES_DROPPED.set(telemetry.WRITER.dropped)
        telemetry.JOURNAL_RECORDS_DROPPED.set(self._journal.dropped)

    def _grew(self, counter: Counter, label: str, now: int) -> None:
        before = self._told.get((counter, label), 0)
        if now > before:
            self._told[counter, label] = now
            (counter.labels(label) if label else counter).inc(now - before)
