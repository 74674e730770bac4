"""A worker's seat: its slot, the process that sits there now, and what is known of it.

A worker dies; its seat stays, with the slot number that metrics files are named by.
"""

from __future__ import annotations

import socket
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.node.child import Child

MOST_UNACKNOWLEDGED: Final = 16
SLOW_TO_TAKE_SECONDS: Final = 0.1
"""A worker that has not taken a connection within this time gets no other until it has."""


class SeatState(StrEnum):
    """What a worker can be used for."""

    EMPTY = "empty"
    STARTING = "starting"
    READY = "ready"


@dataclass(slots=True)
class Seat:
    """A place for one worker process."""

    slot: int
    state: SeatState = SeatState.EMPTY
    child: Child | None = None
    starts: int = 0
    generation: str | None = None
    """The hash of the generation it last said it works by."""
    open: int = 0
    """Connections it said it has."""
    unacknowledged: deque[tuple[float, socket.socket]] = field(default_factory=deque)
    """Connections sent to it that it has not yet taken, with the time each was sent (loop clock)."""
    full_until: float = 0.0

    def load(self) -> int:
        """How many connections it has or is about to have."""
        return self.open + len(self.unacknowledged)

    def has_room(self, now: float) -> bool:
        """Whether it may be given another connection: ready, and taking what it gets."""
        if self.state is not SeatState.READY or now < self.full_until:
            return False
        if not self.unacknowledged:
            return True
        return (
            len(self.unacknowledged) < MOST_UNACKNOWLEDGED
            and now - self.unacknowledged[0][0] < SLOW_TO_TAKE_SECONDS
        )

    def describe(self) -> dict[str, object]:
        """Return what the control process is told of it."""
        return {
            "slot": self.slot,
            "pid": self.child.pid if self.child else None,
            "state": str(self.state),
            "hash": self.generation,
            "starts": self.starts,
        }
