"""What a case says, and the node most of them run on."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from bench import material
from bench.measure import LOAD_CORE, SERVER_CORE, Measured, measure, percentile
from bench.subjects import Node, node

MAX_MS = 400
"""What the bench's verdicts ask for as `max_ms`."""
RATE = 300.0
"""Calls a second where a case is about time, not about capacity: far below what any machine can."""


@dataclass(frozen=True, slots=True)
class Row:
    """A case's figures by name, in the order they are to be read."""

    figures: Mapping[str, float]
    wanted: str = ""
    is_met: bool | None = None
    """None where nothing is wanted of it."""


@contextlib.contextmanager
def one_worker(
    directory: Path, *, data: str = "data", settings: Mapping[str, str] | None = None
) -> Iterator[Node]:
    """A node with one worker on the server's core, everything else beside the load."""
    with node(
        directory,
        workers=1,
        worker_cores=[{SERVER_CORE}],
        other_cores={LOAD_CORE},
        data=data,
        settings=settings,
    ) as running:
        yield running


def key_of(directory: Path) -> EllipticCurvePrivateKey:
    """The key of the development certificate."""
    return material.read_key(directory / "certs" / "dev" / "shaken.key")


@dataclass(slots=True)
class Tally:
    """Counts what answers say; refuses what is no verdict at all."""

    said: Counter[str] = field(default_factory=Counter)

    def check(self, response: bytes) -> bool:
        self.said["passed"] += material.is_passed(response)
        self.said["degraded"] += material.is_degraded(response)
        return material.is_answered(response)


def ask(node: Node, calls: Sequence[material.Call], tally: Tally, *, rate: float | None = None) -> Measured:
    """A verdict for each of the calls."""
    requests = [material.verdict(call, node.token) for call in calls]
    return measure(node.port, requests, tally.check, servers=node.workers, others=node.others, rate=rate)


def cpu_us(measured: Measured) -> float:
    """Of the workers, for an answer."""
    return 1e6 * measured.server_cpu / measured.answers


def milliseconds(latencies: Sequence[float], share: float) -> float:
    return round(1000 * percentile(latencies, share), 2)


def in_time(latencies: Sequence[float]) -> float:
    """The part that was answered within `max_ms`."""
    return sum(each <= MAX_MS / 1000 for each in latencies) / len(latencies)
