"""The workers of a node: what each says, and what follows from it.

Brings together the seats, the handing over of connections and the announcements. Which command
line a worker has, and when the node starts and stops, is the supervisor's.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence

from gateway.channel import ChannelError, Received
from gateway.node.announcements import Announcements
from gateway.node.child import Child
from gateway.node.handover import Handover
from gateway.node.keeper import Report, Watch
from gateway.node.seats import Seat, SeatState


class Workers:
    """`tell_control` gets `workers` and `confirmations`; `ended_unready` a status."""

    def __init__(
        self,
        *,
        count: int,
        listeners: Sequence[socket.socket],
        answer_seconds: float,
        tell_control: Callable[[dict[str, object]], bool],
        ended_unready: Callable[[int], None],
        report: Report,
    ) -> None:
        self.seats = [Seat(slot) for slot in range(count)]
        self.handover = Handover(listeners, self.seats, report)
        self.announcements = Announcements(self.seats, tell_control, answer_seconds)
        self.all_ready = asyncio.Event()
        self._tell_control = tell_control
        self._ended_unready = ended_unready
        self._report = report

    def watch(self, seat: Seat) -> Watch:
        """Return what the keeper of this seat's worker is to call."""
        return Watch(
            started=lambda child: self._started(seat, child),
            received=lambda _child, received: self._heard(seat, received),
            ended=lambda _child, status: self._ended(seat, status),
        )

    def any_ready(self) -> bool:
        """Whether calls can be answered."""
        return any(seat.state is SeatState.READY for seat in self.seats)

    def tell_of_workers(self) -> None:
        """Tell the control process how each seat stands."""
        self._tell_control({"type": "workers", "workers": [seat.describe() for seat in self.seats]})

    def tell_all(self, message: Mapping[str, object]) -> None:
        """Tell every worker; one that does not read its line misses it, and asks again."""
        for seat in self.seats:
            if seat.child is not None:
                seat.child.tell(message)

    def _started(self, seat: Seat, child: Child) -> None:
        seat.child, seat.state, seat.generation = child, SeatState.STARTING, None
        seat.starts += 1
        self.tell_of_workers()

    def _ended(self, seat: Seat, status: int) -> None:
        was_ready = seat.state is SeatState.READY
        self.announcements.left(seat)
        seat.child, seat.state, seat.generation = None, SeatState.EMPTY, None
        self.handover.left(seat)
        self.tell_of_workers()
        if not was_ready:
            self._ended_unready(status)

    def _heard(self, seat: Seat, received: Received) -> None:
        match received.kind:
            case "taken":
                self.handover.taken(seat, received.number("open"))
            case "declined":
                self.handover.declined(seat, received.number("open"))
            case "open":
                seat.open = received.number("open")
            case "ready":
                self._ready(seat, received)
            case "confirmed":
                self.announcements.confirmed(seat, received.text("hash"))
                self.tell_of_workers()
            case "refused":
                self.announcements.refused(seat, received.text("hash"), received.text("why"))
            case "list_wanted":
                self._list_wanted(seat, received)
            case kind:
                raise ChannelError(f"a worker has no message of type {kind!r}")

    def _list_wanted(self, seat: Seat, received: Received) -> None:
        url = received.text("url")
        wanted: dict[str, object] = {"type": "list_wanted", "url": url, "issuer": received.text("issuer")}
        if not self._tell_control(wanted) and seat.child is not None:
            problem = "the control process, which fetches it, is not there"
            seat.child.tell({"type": "list_looked_for", "url": url, "problem": problem})

    def _ready(self, seat: Seat, received: Received) -> None:
        seat.state = SeatState.READY
        if received.message.get("hash") is not None:
            self.announcements.confirmed(seat, received.text("hash"))
        self._report("worker.ready", slot=seat.slot, pid=seat.child.pid if seat.child else None)
        self.handover.pump()
        self.handover.balance()
        self.tell_of_workers()
        if all(other.state is SeatState.READY for other in self.seats):
            self.all_ready.set()
