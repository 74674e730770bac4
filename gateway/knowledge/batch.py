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
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

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


class _Waiter(msgspec.Struct, eq=False):
    question: Question
    hear: Callable[[Evidence], None] | None
    """None once it has heard, or waits no more."""

    def give(self, evidence: Evidence) -> None:
        hear, self.hear = self.hear, None
        if hear is not None:
            hear(evidence)

    def give_up(self) -> None:
        self.give(nothing_known(self.question))


class Knowledge:
    """Asks on behalf of the calls of one process; to be made inside its running loop.

    `store` is started and closed by whoever made it.
    """

    def __init__(self, store: Store | ClusterStore) -> None:
        self.drops = Drops()
        self.batches = 0
        self.unanswered = 0
        """Questions that heard `unknown` because the store rested, the queue was full or time ran out."""
        self._store = store
        # Kept: on Python 3.11 to ask for the running loop is a system call.
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiter] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._pump_is_due = False
        self._callers_for_help = CallersForHelp()
        self._later: asyncio.TimerHandle | None = None
        self._is_closing = False

    @property
    def health(self) -> StoreHealth:
        """Of the store underneath."""
        return self._store.health

    async def ask(self, question: Question, deadline: float) -> Evidence:
        """Return what is known, at the latest at `deadline` (the event loop's time).

        Never raises, never waits for a store that rests.
        """
        loop = self._loop
        left = deadline - loop.time()
        if left <= 0 or not self._takes_more:
            self.unanswered += 1
            return nothing_known(question)
        answer: asyncio.Future[Evidence] = loop.create_future()

        def hear(evidence: Evidence) -> None:
            # Who asked may have been cancelled in this very turn of the loop.
            if not answer.done():
                answer.set_result(evidence)

        waiter = _Waiter(question, hear)
        self._waiting.append(waiter)
        self._pump_soon()
        # Batches bound their own time, and a failed one releases everybody: mostly no timer is needed.
        timer = None if left > LONGEST_WAIT_SECONDS else loop.call_at(deadline, self._too_late, waiter)
        try:
            return await answer
        finally:
            waiter.hear = None
            if timer is not None:
                timer.cancel()

    def ask_behind(self, question: Question, hear: Callable[[Evidence], None]) -> None:
        """Ask for a call that is answered without it.

        `hear` is called once, maybe at once, and must not raise.
        """
        waiter = _Waiter(question, hear)
        if not self._takes_more:
            self._too_late(waiter)
            return
        self._waiting.append(waiter)
        self._pump_soon()

    def remember_callers_for_help(self, tns: Iterable[TelephoneNumber]) -> None:
        """Note that these numbers called for help just now. Waits for nothing and never raises.

        What Redis cannot take now is tried again while it counts.
        """
        self._callers_for_help.add(tns, self._loop.time())
        self._pump_soon()

    async def close(self) -> None:
        """Answer everyone; to be called when no more calls come."""
        self._is_closing = True
        if self._later is not None:
            self._later.cancel()
        self._pump()
        while self._running:
            # Each has its time, and what waits is asked when it ends.
            await asyncio.wait(self._running)
        self._release_waiting()

    @property
    def _takes_more(self) -> bool:
        return not self._store.resting and len(self._waiting) < LONGEST_QUEUE

    def _too_late(self, waiter: _Waiter) -> None:
        self.unanswered += waiter.hear is not None
        waiter.give_up()

    def _release_waiting(self) -> None:
        while self._waiting:
            self._too_late(self._waiting.popleft())

    def _pump_soon(self) -> None:
        if not self._pump_is_due and len(self._running) < LANES:
            # Not at once: what else arrives in this turn of the loop goes along.
            self._pump_is_due = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_is_due = False
        loop = self._loop
        notes: Ends = {}
        if len(self._running) < LANES and self._store.takes_writes and not self._is_closing:
            notes = self._callers_for_help.take(loop.time())
        while (self._waiting or notes) and len(self._running) < LANES:
            size = min(len(self._waiting), LARGEST_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
            # Whoever was released meanwhile (deadline, hung up) claims nothing.
            batch = [waiter for waiter in batch if waiter.hear is not None]
            if batch or notes:
                task = loop.create_task(self._run(batch, notes))
                self._running.add(task)
                task.add_done_callback(self._ended)
            notes = {}
        if self._callers_for_help and self._later is None and not self._is_closing:
            self._later = loop.call_later(REST_SECONDS, self._pump_again)

    def _pump_again(self) -> None:
        self._later = None
        self._pump()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._pump()

    async def _run(self, batch: list[_Waiter], notes: Ends) -> None:
        self.batches += 1
        now = self._loop.time()
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
                telemetry.EVIDENCE_BATCH_SECONDS.observe(self._loop.time() - now)
        except Exception:  # noqa: BLE001 - redis-py raises ValueError, IndexError… on garbage replies
            self.unanswered += len(batch)
            self._release_waiting()
        finally:
            self._callers_for_help.put_back(unwritten)
            # After a failure too: what was not filled is unknown, and so says its draft.
            for waiter, draft in zip(batch, drafts, strict=True):
                waiter.give(draft.evidence())
