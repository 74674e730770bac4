"""What operators see of the calls: totals by minute and trunk, and what is forged most, in memory.

Filled from the journal as it is read on; after a restart, behind the calls, from what the journal still has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from gateway.control.figures.certificate_hosts import CertificateHosts
from gateway.control.figures.forged import Forged
from gateway.control.figures.minutes import MINUTES_KEPT, Minutes
from gateway.control.figures.seconds import SECONDS_KEPT, Seconds
from gateway.control.journal.tail import JournalTail
from gateway.journal import Entry, Record
from gateway.verdicts.policy import VerdictPolicy

AHEAD_SECONDS: Final = 60
"""A call further in the future was taken by a clock that was wrong: it would push a real day out."""
RECORDS_A_TURN: Final = 200
HOURS_TO_SETTLE: Final = MINUTES_KEPT // 60 + 1


class Figures:
    """One per control process; to be used by its loop alone."""

    def __init__(
        self, policy: Callable[[], VerdictPolicy | None], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self.minutes = Minutes()
        self.seconds = Seconds()
        self.forged = Forged(policy)
        self.hosts = CertificateHosts()

    def take(self, entries: Iterable[Entry]) -> None:
        """Count a portion of the journal."""
        now = self._clock()
        calls = [each for each in entries if isinstance(each, Record) and each.time <= now + AHEAD_SECONDS]
        self.minutes.take(calls)
        for call in calls:
            self.forged.take(call)
            self.hosts.take(call)
            if call.time > now - SECONDS_KEPT:
                self.seconds.count(call.time)

    async def recall(self, tail: JournalTail) -> None:
        """Count what was read before, giving way to everything else.

        `tail` was made before anybody read on, so that no call is counted twice.
        """
        earlier = tail.earlier(since=self._clock() - MINUTES_KEPT * 60)
        with contextlib.suppress(OSError):  # who reads on tells of it
            while portion := list(islice(earlier, RECORDS_A_TURN)):
                self.take(portion)
                await asyncio.sleep(0)
        for _ in range(HOURS_TO_SETTLE):
            if not self.minutes.settle():
                return
            await asyncio.sleep(0)
