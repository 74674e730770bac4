"""What calls come to when they are added up: how many of each action, verstat, attestation and reason.

Codes, names of trunks and milliseconds only: totals hold no number, so that they may be shown to whoever may
ask at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

import msgspec

from gateway.control.figures.elapsed import Buckets, bucket_of, percentile_ms
from gateway.journal import Record

Key = TypeVar("Key", bound=Hashable)

_PERCENTILES: Final = (50, 90, 99)
NAMED: Final = ("operations", "actions", "verstats", "attests", "deciding", "reasons", "missing")
NO_REASON: Final = "none"
"""As the metrics name it: no rule spoke."""


class Totals(msgspec.Struct):
    """Counts over some calls; begins empty."""

    calls: int = 0
    operations: dict[str, int] = {}
    actions: dict[str, int] = {}
    verstats: dict[str, int] = {}
    attests: dict[str, int] = {}
    """Of verified calls as received, of signed ones as given."""
    deciding: dict[str, int] = {}
    """The reason that decided each verdict."""
    reasons: dict[str, int] = {}
    """Of the verification, or of what was to be signed."""
    missing: dict[str, int] = {}
    """Evidence that did not answer."""
    elapsed: Buckets = {}

    def add(self, record: Record) -> None:
        """Count one call."""
        self.calls += 1
        _count(self.operations, record.operation)
        _count(self.reasons, record.reason)
        _count(self.elapsed, bucket_of(record.elapsed_ms))
        if record.attest is not None:
            _count(self.attests, record.attest)
        if record.verstat is not None:
            _count(self.verstats, record.verstat)
        if record.action is not None:
            _count(self.actions, record.action)
            _count(self.deciding, record.deciding or NO_REASON)
        if record.grounds is not None:
            for missing in record.grounds.known.degraded:
                _count(self.missing, missing)

    def merge(self, other: Totals) -> None:
        """Add what was counted elsewhere."""
        self.calls += other.calls
        for name in NAMED:
            _add(getattr(self, name), getattr(other, name))
        _add(self.elapsed, other.elapsed)

    def document(self) -> dict[str, object]:
        """As it is answered: the most frequent first."""
        return {
            "calls": self.calls,
            **{name: _ordered(getattr(self, name)) for name in NAMED},
            "elapsed_ms": {f"p{percent}": percentile_ms(self.elapsed, percent) for percent in _PERCENTILES},
        }


def _count(counts: dict[Key, int], key: Key) -> None:
    counts[key] = counts.get(key, 0) + 1


def _add(counts: dict[Key, int], added: Mapping[Key, int]) -> None:
    for key, times in added.items():
        counts[key] = counts.get(key, 0) + times


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
