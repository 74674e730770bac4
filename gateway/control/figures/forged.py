"""Which numbers and which brands were shown most by calls that had no right to them, and by which path.

Of what was *shown*: the holder of the number is the victim here, and nothing of this is held against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.control.figures.hourly import HourlyCounts
from gateway.journal import Record
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import Verstat
from gateway.reputation.path import path_of_call
from gateway.verdicts.policy import VerdictPolicy

DECIDED_FORGED: Final = frozenset(
    {"dno.exact", "brand.path", "abroad.home-number", "abroad.not-roaming", "stir.failed"}
)
_OF_BRANDS: Final = frozenset({"dno.exact", "brand.path"})
NUMBERS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class Forgery:
    """One way in which one number, or brand, was shown without right."""

    shown: str
    """A number in canonical form, or a brand's name."""
    path: str
    reason: str


def forgery_of(record: Record) -> Forgery | None:
    """The number this call showed without right; None where nothing says that it had none."""
    shown = record.orig or record.network_tn
    if shown is None or record.verstat is None or record.grounds is None:
        return None
    if record.deciding in DECIDED_FORGED:
        reason = record.deciding or ""
    elif record.verstat == Verstat.TN_VALIDATION_FAILED.value:
        reason = record.reason
    else:
        return None
    return Forgery(shown, path_of_call(record.grounds.trunk_kind, Verstat(record.verstat)), reason)


class Forged:
    """Counted for the last day; to be used by one loop."""

    def __init__(self, policy: Callable[[], VerdictPolicy | None]) -> None:
        """`policy` knows whose a protected number is."""
        self._policy = policy
        self._numbers: HourlyCounts[Forgery] = HourlyCounts()
        self._brands: HourlyCounts[Forgery] = HourlyCounts()

    def take(self, record: Record) -> None:
        """Count a call, if it showed a number without right."""
        forgery = forgery_of(record)
        if forgery is None:
            return
        self._numbers.count(forgery, at=record.time)
        if forgery.reason in _OF_BRANDS and (name := self._whose(forgery.shown)) is not None:
            self._brands.count(Forgery(name, forgery.path, forgery.reason), at=record.time)

    def numbers(self, *, since: float) -> list[tuple[Forgery, int]]:
        """The most frequent first, at most NUMBERS_SHOWN."""
        return _most(self._numbers, since)

    def brands(self, *, since: float) -> list[tuple[Forgery, int]]:
        """The same of the names that those numbers are of."""
        return _most(self._brands, since)

    def _whose(self, tn: str) -> str | None:
        policy, number = self._policy(), TelephoneNumber(tn)
        if policy is None:
            return None
        for brand in policy.brands.find(number):
            return brand.name
        for entry in policy.dno_entries.find(number):
            return entry.label
        return None


def _most(counts: HourlyCounts[Forgery], since: float) -> list[tuple[Forgery, int]]:
    ordered = sorted(counts.sum(since=since).items(), key=lambda each: (-each[1], each[0]))
    return ordered[:NUMBERS_SHOWN]
