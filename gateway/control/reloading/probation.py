"""A new policy's probation: for a while each new call is judged by the policy before it as well.

Where the new one blocks more of what the old one lets through than the old one's `[reload]
most_newly_blocked_percent` allows, the old one is put back. Both are held against the same calls with the
same evidence, so an attack that both block, however large, changes nothing. It outlives a restart of the
control process: what it is about stands in `current`, and the calls are still in the journal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from gateway.control.journal.latest_calls import LatestCalls
from gateway.control.reloading.changes import GATEWAY, Changes
from gateway.control.reloading.preview import Comparison, Preview, over_limit
from gateway.control.reloading.reload import Reloader
from gateway.generation.generation import PolicyPart, build_policy
from gateway.generation.texts import Texts
from gateway.generations import Probation
from gateway.journal import Entry, Record
from gateway.record.generations import Cause

AGAIN_SECONDS: Final = 30.0
"""Between a roll-back that was refused, by a worker that hangs or a full disk, and the next."""

_log = structlog.get_logger("callmark.reload")


class OnProbation:
    """One per control process."""

    def __init__(
        self,
        *,
        reloader: Reloader,
        changes: Changes,
        latest: LatestCalls,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reloader = reloader
        self._changes = changes
        self._latest = latest
        self._clock = clock
        self._term: Probation | None = None
        self._before: tuple[Texts, PolicyPart] | None = None
        self._comparison: Comparison | None = None
        self._again_at = 0.0
        """Epoch seconds; after a roll-back that was refused, the next is not before."""

    @property
    def term(self) -> Probation | None:
        """What the policy in force is held against, and until when; None when it is not."""
        current = self._reloader.current
        term = None if current is None else current.probation
        return term if term is not None and term.until > self._clock() else None

    @property
    def found(self) -> Preview | None:
        """What was found so far; None before the first call."""
        return None if self._comparison is None or self._term != self.term else self._comparison.result()

    async def take(self, entries: Sequence[Entry]) -> None:
        """Judge the calls of a portion of the journal, and take the policy back where they say so."""
        term = self.term
        if term != self._term:
            self._term, self._comparison, self._again_at = term, None, 0.0
            # With those that came before this process did: they are among the latest.
            entries = self._begin(term)
        if term is None or self._comparison is None or self._before is None:
            return
        records = [each for each in entries if isinstance(each, Record) and each.generation >= term.since]
        await asyncio.to_thread(self._comparison.take_in_time, records)
        texts, policy = self._before
        problem = over_limit(self._comparison.result(), policy.reload.most_newly_blocked_percent)
        if problem is None:
            return
        if self._clock() < self._again_at:
            return
        _log.error("the policy blocks too much and is taken back", problem=problem.message)
        result = await self._changes.take_back(
            texts, cause=Cause.PROBATION, actor=GATEWAY, why=problem.message, number=term.against_number
        )
        if result.taken:
            self._comparison = None
        else:
            self._again_at = self._clock() + AGAIN_SECONDS
            _log.error("the policy could not be taken back; it is tried again", seconds=AGAIN_SECONDS)

    def _begin(self, term: Probation | None) -> Sequence[Entry]:
        policy = self._reloader.policy()
        if term is None or policy is None:
            return ()
        texts = self._reloader.policies.read(term.against)
        before = None if texts is None else build_policy(texts)
        if texts is None or before is None or isinstance(before, list):
            _log.error("the policy before cannot be read: the one in force is not on probation")
            return ()
        self._before = texts, before
        self._comparison = Comparison(before.verdict, policy.verdict)
        return self._latest.all()
