"""The last calls of this node, in memory: what an operator asks about, and what a preview judges again.

Filled from the journal as it is read on; after a restart from what the journal still holds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.control.journal.tail import JournalTail
from gateway.journal import Entry, Record
from gateway.reasons import Verstat
from gateway.verdicts.verdict import Action

SEEN: Final = "seen"
"""The reader of the journal that these are filled by; it does not wait for the record."""
CALLS_KEPT: Final = 10_000
"""About 20 MB; at 100 calls a second the last minute and a half, on a small node a day."""


_LET_THROUGH: Final = Action.ALLOW.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which calls are meant; None: whichever."""

    tn: str | None = None
    """Canonical; as presentation, network or called number."""
    action: str | None = None
    reason: str | None = None
    """The reason that decided, or that of the verification or the attestation."""
    trunk: str | None = None
    operation: str | None = None
    verstat: str | None = None
    attest: str | None = None
    since: float | None = None
    """Epoch seconds; the call came then or later."""
    until: float | None = None
    """The call came before."""
    only_problems: bool = False

    def fits(self, record: Record) -> bool:
        """Whether this call is meant."""
        return (
            self.action in (None, record.action)
            and self.trunk in (None, record.trunk)
            and self.operation in (None, record.operation)
            and self.verstat in (None, record.verstat)
            and self.attest in (None, record.attest)
            and (self.reason is None or self.reason in (record.deciding, record.reason))
            and (self.since is None or record.time >= self.since)
            and (self.until is None or record.time < self.until)
            and (not self.only_problems or is_problem(record))
            and (self.tn is None or self.tn in (record.orig, record.network_tn) or self.tn in record.dests)
        )


def is_problem(record: Record) -> bool:
    """Whether anything is the matter: not let through as it is, forged, not signed, evidence missing."""
    if record.verstat is None:
        return not record.identities
    missing = record.grounds is not None and bool(record.grounds.known.degraded)
    return record.action != _LET_THROUGH or record.verstat == Verstat.TN_VALIDATION_FAILED.value or missing


class LatestCalls:
    """One per control process; to be used by its loop alone."""

    def __init__(self, most: int = CALLS_KEPT) -> None:
        self._records: deque[Record] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._records)

    def begin(self, directory: Path) -> None:
        """Begin with what the journal still holds of the calls read before. Raises OSError."""
        self._records.extend(JournalTail(directory, reader=SEEN).before(self._records.maxlen or CALLS_KEPT))

    def take(self, entries: Iterable[Entry]) -> None:
        """Take a portion of the journal."""
        self._records.extend(entry for entry in entries if isinstance(entry, Record))

    def find(self, sought: Sought, *, limit: int) -> Sequence[Record]:
        """The calls that fit, newest first."""
        return [record for record, _ in zip(self._fitting(sought), range(limit), strict=False)]

    def named(self, call_id: str) -> Sequence[Record]:
        """Every record of this call, newest first; it may be verified by one resource, signed by another."""
        return [record for record in reversed(self._records) if record.call_id == call_id]

    def all(self) -> Sequence[Record]:
        """Every call kept, oldest first."""
        return tuple(self._records)

    def _fitting(self, sought: Sought) -> Iterator[Record]:
        return (record for record in reversed(self._records) if sought.fits(record))
