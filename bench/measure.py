"""One measurement: a load, and whose CPU time it cost meanwhile."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.load import Checks, Load, closed_loop, open_loop
from bench.processes import core_seconds, cpu_seconds

SERVER_CORE = 0
LOAD_CORE = 1
CONNECTIONS = 32
"""Few and kept open, as switches have them."""
SETTLING_SECONDS = 0.05
"""Before CPU time is read: what is done behind the last answers belongs to them."""
MOST_SECONDS = 20.0
"""For one measurement, within which its tokens stay fresh; more is a failure."""


@dataclass(frozen=True, slots=True)
class Measured:
    answers: int
    seconds: float
    server_cpus: Sequence[float]
    """CPU seconds of each process that answers."""
    other_cpu: Mapping[str, float]
    """Of the node's other processes, by name."""
    load_share: float
    """Part of its core that the load used; near 1 it would be the load that is measured."""
    foreign_share: float
    """Part of the server's core that went to anyone else, the hypervisor included."""
    kept: Sequence[bytes]
    latencies: Sequence[float]

    @property
    def server_cpu(self) -> float:
        """CPU seconds of all that answer."""
        return sum(self.server_cpus)

    @property
    def per_core(self) -> float:
        """Answers per CPU second of the processes that answer."""
        return self.answers / self.server_cpu

    @property
    def per_core_with_others(self) -> float:
        """Answers per CPU second of everything the node runs."""
        return self.answers / (self.server_cpu + sum(self.other_cpu.values()))

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds


def measure(
    port: int,
    requests: Sequence[bytes],
    check: Checks,
    *,
    servers: Sequence[int],
    others: Mapping[str, int] | None = None,
    rate: float | None = None,
    connections: int = CONNECTIONS,
) -> Measured:
    """Closed loop, or open loop at `rate` a second. Raises LoadError when an answer is wrong or missing."""
    others = others or {}
    cpu = {pid: cpu_seconds(pid) for pid in (*servers, *others.values())}
    busy, stolen = core_seconds(SERVER_CORE)
    load = _load(port, requests, check, rate, connections)
    busy, stolen = (now - then for now, then in zip(core_seconds(SERVER_CORE), (busy, stolen), strict=True))
    time.sleep(SETTLING_SECONDS)
    used = {pid: cpu_seconds(pid) - before for pid, before in cpu.items()}
    on_core = used[servers[0]]
    return Measured(
        answers=load.answered,
        seconds=load.seconds,
        server_cpus=[used[pid] for pid in servers],
        other_cpu={name: used[pid] for name, pid in others.items()},
        load_share=load.cpu_seconds / load.seconds,
        foreign_share=max(0.0, busy + stolen - on_core) / load.seconds,
        kept=load.kept,
        latencies=load.latencies,
    )


def _load(port: int, requests: Sequence[bytes], check: Checks, rate: float | None, connections: int) -> Load:
    if rate is None:
        return closed_loop(port, requests, connections=connections, check=check, seconds=MOST_SECONDS)
    most = len(requests) / rate + 5.0
    return open_loop(port, requests, rate=rate, connections=4 * connections, check=check, seconds=most)


def median(measured: Sequence[Measured], value: Callable[[Measured], float]) -> float:
    return statistics.median(value(each) for each in measured)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
