"""Connections: accepted here, each handed to the worker that has fewest, in turn among equals.

In turn alone would do while no worker ever leaves; after one is replaced, all its keep-alive
connections have moved to the others, so newcomers go to the emptier worker, and the fuller ones
are asked to `shed` (answer with `Connection: close`) what is above their share.

When no worker has room nothing is accepted: connections wait in the kernel's backlog. One that a
worker declined, or had not taken when it died, is handed to another.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final

from gateway.node.keeper import Report
from gateway.node.listeners import close_listener
from gateway.node.seats import Seat, SeatState

ACCEPTED_AT_ONCE: Final = 64
"""Then signals and messages get their turn."""
LOOK_AGAIN_SECONDS: Final = 0.05
NO_DESCRIPTORS_SECONDS: Final = 0.5
DECLINED_SECONDS: Final = 0.5
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Handover:
    """The call listeners, and who gets the next connection."""

    def __init__(self, listeners: Sequence[socket.socket], seats: Sequence[Seat], report: Report) -> None:
        self._listeners = list(listeners)
        self._seats = seats
        self._report = report
        self._returned: deque[socket.socket] = deque()
        self._last_slot = -1
        self._watching = False
        self._look_again: asyncio.TimerHandle | None = None

    def pump(self) -> None:
        """Hand over what is waiting; called whenever a worker may have got room."""
        loop = asyncio.get_running_loop()
        for _ in range(ACCEPTED_AT_ONCE):
            seat = self._choose(loop.time())
            if seat is None:
                self._rest(LOOK_AGAIN_SECONDS)
                return
            try:
                connection = self._returned.popleft() if self._returned else self._accept()
            except OSError as problem:
                self._report("connections.not_accepted", problem=str(problem))
                self._rest(NO_DESCRIPTORS_SECONDS)
                return
            if connection is None:
                break
            self._offer(seat, connection, loop.time())
        self._watch()

    def taken(self, seat: Seat, open_connections: int) -> None:
        """Let go of the oldest connection sent to the worker: it has it now."""
        if seat.unacknowledged:
            seat.unacknowledged.popleft()[1].close()
        seat.open = open_connections
        self._pump_if_resting()

    def declined(self, seat: Seat, open_connections: int) -> None:
        """Give another worker the oldest connection sent to this one, which has no room."""
        if seat.unacknowledged:
            self._returned.append(seat.unacknowledged.popleft()[1])
        seat.open = open_connections
        now = asyncio.get_running_loop().time()
        if now >= seat.full_until:  # told once for all that were on their way
            self._report("connections.declined", slot=seat.slot, open=open_connections)
        seat.full_until = now + DECLINED_SECONDS
        self.pump()

    def left(self, seat: Seat) -> None:
        """Give the others what a worker that is gone had not taken."""
        self._returned.extend(connection for _, connection in seat.unacknowledged)
        seat.unacknowledged.clear()
        seat.open = 0
        seat.full_until = 0.0
        self.pump()

    def balance(self) -> None:
        """Ask workers that hold more than their share to shed; called when a worker has become ready."""
        ready = [seat for seat in self._seats if seat.state is SeatState.READY]
        share = -(-sum(seat.load() for seat in ready) // max(1, len(ready)))
        for seat in ready:
            if seat.child is not None and seat.load() > share:
                seat.child.tell({"type": "shed", "count": seat.load() - share})

    async def finish(self, seconds: float) -> None:
        """Hand over all that has been accepted or waits in the backlog, then close the listeners.

        What no worker takes within `seconds` is closed.
        """
        end = asyncio.get_running_loop().time() + seconds
        self.pump()
        while self._unfinished() and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_AGAIN_SECONDS / 5)
            self.pump()
        self.close()

    def close(self) -> None:
        """Close the listeners and every connection still held."""
        self._unwatch()
        if self._look_again is not None:
            self._look_again.cancel()
        for listener in self._listeners:
            close_listener(listener)
        self._listeners.clear()
        for seat in self._seats:
            self._returned.extend(connection for _, connection in seat.unacknowledged)
            seat.unacknowledged.clear()
        while self._returned:
            self._returned.popleft().close()

    def _unfinished(self) -> bool:
        return bool(self._returned) or any(seat.unacknowledged for seat in self._seats)

    def _choose(self, now: float) -> Seat | None:
        count = len(self._seats)
        in_turn = (self._seats[(self._last_slot + step) % count] for step in range(1, count + 1))
        return min((seat for seat in in_turn if seat.has_room(now)), key=Seat.load, default=None)

    def _accept(self) -> socket.socket | None:
        """Return a connection, or None when there is none; raises OSError when there are no descriptors."""
        for listener in self._listeners:
            try:
                return listener.accept()[0]
            except OSError as problem:
                if problem.errno in _EXHAUSTED:
                    raise
                # Nothing there, or a client that left while it waited (accept(2)): the next listener.
        return None

    def _offer(self, seat: Seat, connection: socket.socket, now: float) -> None:
        if seat.child is not None and seat.child.tell({"type": "connection"}, (connection.fileno(),)):
            seat.unacknowledged.append((now, connection))
            self._last_slot = seat.slot
        else:
            self._returned.appendleft(connection)
            seat.full_until = now + LOOK_AGAIN_SECONDS

    def _pump_if_resting(self) -> None:
        if not self._watching:
            self.pump()

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            for listener in self._listeners:
                asyncio.get_running_loop().add_reader(listener, self.pump)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            for listener in self._listeners:
                asyncio.get_running_loop().remove_reader(listener)

    def _rest(self, seconds: float) -> None:
        self._unwatch()
        if self._look_again is not None:
            self._look_again.cancel()
        if any(seat.state is SeatState.READY for seat in self._seats):
            self._look_again = asyncio.get_running_loop().call_later(seconds, self.pump)
