"""A new generation: announced to every worker, each of which confirms or refuses.

One announcement at a time, in the order in which the control process made them. A worker that does
not answer in time is `silent`, one that is not yet ready is `starting` (it reads `current` itself),
one that left meanwhile is `gone`: the announcement is complete either way, and says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.node.seats import Seat, SeatState

ANSWER_SECONDS: Final = 5.0
_LONGEST_WHY: Final = 500


@dataclass(slots=True)
class _Round:
    number: int
    hash: str
    began: float
    awaited: set[int]
    answers: dict[int, dict[str, object]] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self, seat: Seat, state: str, why: str | None = None) -> None:
        if seat.slot not in self.awaited:
            return
        self.awaited.discard(seat.slot)
        took_ms = round((asyncio.get_running_loop().time() - self.began) * 1000, 1)
        self.answers[seat.slot] = {
            "slot": seat.slot,
            "pid": seat.child.pid if seat.child else None,
            "state": state,
            "ms": took_ms,
            "why": why,
        }
        if not self.awaited:
            self.complete.set()


class Announcements:
    """Relays generations to the seats; `reply` gets one `confirmations` message for each."""

    def __init__(
        self,
        seats: Sequence[Seat],
        reply: Callable[[dict[str, object]], object],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._seats = seats
        self._reply = reply
        self._answer_seconds = answer_seconds
        self._asked: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._round: _Round | None = None

    def announce(self, number: int, generation: str) -> None:
        """Put an announcement in the queue."""
        self._asked.put_nowait((number, generation))

    def confirmed(self, seat: Seat, generation: str) -> None:
        """Note that the worker works by `generation` now."""
        seat.generation = generation
        if self._round is not None and self._round.hash == generation:
            self._round.settle(seat, "confirmed")

    def refused(self, seat: Seat, generation: str, why: str) -> None:
        """Note that the worker keeps what it had."""
        if self._round is not None and self._round.hash == generation:
            self._round.settle(seat, "refused", why[:_LONGEST_WHY])

    def left(self, seat: Seat) -> None:
        """Note that the worker has gone, answered or not."""
        if self._round is not None:
            self._round.settle(seat, "gone", "the worker ended before it answered")

    async def run(self) -> None:
        """Carry out the announcements, for ever."""
        while True:
            number, generation = await self._asked.get()
            self._reply(await self._carry_out(number, generation))

    async def _carry_out(self, number: int, generation: str) -> dict[str, object]:
        present = [seat for seat in self._seats if seat.child is not None]
        began = asyncio.get_running_loop().time()
        turn = _Round(number, generation, began, {seat.slot for seat in present})
        self._round = turn
        try:
            for seat in present:
                message = {"type": "generation", "number": number, "hash": generation}
                if seat.child is None or not seat.child.tell(message):
                    turn.settle(seat, "silent", "the worker does not read what it is told")
            if turn.awaited:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(turn.complete.wait(), self._answer_seconds)
            for seat in present:
                if seat.state is SeatState.READY:
                    turn.settle(seat, "silent", f"no answer within {self._answer_seconds:g} s")
                else:
                    turn.settle(seat, "starting", "it reads the current generation when it is ready")
        finally:
            self._round = None
        return {
            "type": "confirmations",
            "number": number,
            "hash": generation,
            "workers": [turn.answers[slot] for slot in sorted(turn.answers)],
        }
