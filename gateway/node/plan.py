"""What a node consists of: the one argument of `supervise`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.node.listeners import Listen
from gateway.node.valkey import ValkeyPlan

OnEvent = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlan:
    """The children's command lines (absolute program first), the listeners, and the limits in seconds.

    `call_listener` stays with the supervisor; each of `control_listeners` is inherited by the control
    process (`gateway.channel.inherited_listeners`, by its key). `environment` is added to that of
    every child.
    """

    data_directory: Path
    worker_count: int
    worker_argv: tuple[str, ...]
    control_argv: tuple[str, ...] | None
    call_listener: Listen
    control_listeners: tuple[Listen, ...] = ()
    valkey: ValkeyPlan | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 300.0
    """How long the control process, and then the workers, may take to become ready at first: the facts of all
    registrations may have to be made anew, 25,000 of them a second."""
    notice_seconds: float = 0.5
    """Between `notice` (readiness turns 503) and the end of accepting: a balancer looks in between."""
    drain_seconds: float = 10.0
    """From the signal to the end of the last call; what is open then is cut."""
    answer_seconds: float = 5.0
    """How long a worker may take to confirm a generation."""
    on_event: OnEvent | None = None
    """Told everything that happens; without it the events are logged."""
