"""What a call asks of Redis, all calls in flight at once: one FCALL for each batch.

At most two batches are in flight; the next is whatever arrived meanwhile, so batches grow with the load
and a lone call waits for nobody. A batch has 20 ms. When it fails, everyone waiting hears `unknown` at
once and the store rests; nobody waits longer than its own deadline. An answer is bound to its question
from the start (packet.Draft), and a connection that was left in the middle of a reply is closed by
redis-py, never reused: no answer reaches another call.

Rejected: a pipeline for each call (36-54 us of redis-py a call, measured), and our own protocol code (ten
times cheaper still, but at one FCALL a batch redis-py is already below one microsecond a call).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway import telemetry
from gateway.knowledge.callers_for_help import CallersForHelp, Ends
from gateway.knowledge.cluster_store import ClusterStore
from gateway.knowledge.packet import Drops, compose, draft_of
from gateway.knowledge.question import Evidence, Question, nothing_known
from gateway.knowledge.store import LANES, REST_SECONDS, Store, StoreHealth
from gateway.numbers.canonical import TelephoneNumber

LARGEST_BATCH: Final = 256
LONGEST_WAIT_SECONDS: Final = 0.1
"""For the batches in flight and its own, with what a held up loop adds: a question that is queued is
answered well within it."""
LONGEST_QUEUE: Final = 4096


@dataclass(slots=True, eq=False)
class _Waiter:
    question: Question
    answer: asyncio.Future[Evidence]

    def give(self, evidence: Evidence) -> None:
        if not self.answer.done():
            self.answer.set_result(evidence)

    def give_up(self) -> None:
        self.give(nothing_known(self.question))


class Knowledge:
    """Asks on behalf of the calls of one process. `store` is started and closed by whoever made it."""

    def __init__(self, store: Store | ClusterStore) -> None:
        self.drops = Drops()
        self.batches = 0
        self.unanswered = 0
        """Questions that heard `unknown` because the store rested, the queue was full or time ran out."""
        self._store = store
        self._waiting: deque[_Waiter] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._pump_is_due = False
        self._callers_for_help = CallersForHelp()
        self._later: asyncio.TimerHandle | None = None

    @property
    def health(self) -> StoreHealth:
        """Of the store underneath."""
        return self._store.health

    async def ask(self, question: Question, deadline: float) -> Evidence:
        """Return what is known, at the latest at `deadline` (the event loop's time).

        Never raises, never waits for a store that rests.
        """
        loop = asyncio.get_running_loop()
        if self._store.resting or len(self._waiting) >= LONGEST_QUEUE or deadline <= loop.time():
            self.unanswered += 1
            return nothing_known(question)
        waiter = _Waiter(question, loop.create_future())
        self._waiting.append(waiter)
        self._pump_soon()
        if deadline - loop.time() > LONGEST_WAIT_SECONDS:
            # Batches bound their own time, and a failed one releases everybody: no timer is needed.
            return await waiter.answer
        timer = loop.call_at(deadline, self._too_late, waiter)
        try:
            return await waiter.answer
        finally:
            timer.cancel()

    def remember_callers_for_help(self, tns: Iterable[TelephoneNumber]) -> None:
        """Note that these numbers called for help just now. Waits for nothing and never raises.

        What Redis cannot take now is tried again while it counts.
        """
        self._callers_for_help.add(tns, asyncio.get_running_loop().time())
        self._pump_soon()

    async def close(self) -> None:
        """Release everyone; to be called when no more calls come."""
        if self._later is not None:
            self._later.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._release_waiting()

    def _too_late(self, waiter: _Waiter) -> None:
        self.unanswered += not waiter.answer.done()
        waiter.give_up()

    def _release_waiting(self) -> None:
        while self._waiting:
            self._too_late(self._waiting.popleft())

    def _pump_soon(self) -> None:
        if not self._pump_is_due and len(self._running) < LANES:
            # Not at once: what else arrives in this turn of the loop goes along.
            self._pump_is_due = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_is_due = False
        loop = asyncio.get_running_loop()
        notes: Ends = {}
        if len(self._running) < LANES and self._store.takes_writes:
            notes = self._callers_for_help.take(loop.time())
        while (self._waiting or notes) and len(self._running) < LANES:
            size = min(len(self._waiting), LARGEST_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
            # Whoever was released meanwhile (deadline, hung up) claims nothing.
            batch = [waiter for waiter in batch if not waiter.answer.done()]
            if batch or notes:
                task = loop.create_task(self._run(batch, notes))
                self._running.add(task)
                task.add_done_callback(self._ended)
            notes = {}
        if self._callers_for_help and self._later is None:
            self._later = loop.call_later(REST_SECONDS, self._pump_again)

    def _pump_again(self) -> None:
        self._later = None
        self._pump()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._pump()

    async def _run(self, batch: list[_Waiter], notes: Ends) -> None:
        self.batches += 1
        now = asyncio.get_running_loop().time()
        drafts = [draft_of(waiter.question) for waiter in batch]
        unwritten = notes
        try:
            packets = compose(
                drafts,
                self.drops,
                clustered=self._store.clustered,
                notes={tn: round(end - now) for tn, end in notes.items()},
            )
            if packets:
                if not await self._store.exchange(packets, self.drops):
                    unwritten = {}
                telemetry.EVIDENCE_BATCH_SECONDS.observe(asyncio.get_running_loop().time() - now)
        except Exception:  # noqa: BLE001 - redis-py raises ValueError, IndexError… on garbage replies
            self.unanswered += len(batch)
            self._release_waiting()
        finally:
            self._callers_for_help.put_back(unwritten)
            # After a failure too: what was not filled is unknown, and so says its draft.
            for waiter, draft in zip(batch, drafts, strict=True):
                waiter.give(draft.evidence())
