"""Redis: 5 ms away, paused and gone, and as the node's own against one by TCP."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from bench import material
from bench.cases.case import RATE, Row, Tally, ask, cpu_us, in_time, key_of, milliseconds, one_worker
from bench.cases.distance import at_distance
from bench.measure import LOAD_CORE
from bench.subjects import Node
from bench.valkey import running_valkey

DISTANCE_MS = 5.0
ROUNDS = 5
CALLS = 4_000


@dataclass(slots=True)
class _Side:
    """What one of two nodes did, round by round."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    answers: int = 0

    def ask(self, node: Node, key: EllipticCurvePrivateKey) -> None:
        """One round: as fast as it goes, then at a rate."""
        closed = ask(node, material.calls(CALLS, key=key), self.tally)
        opened = ask(node, material.calls(int(RATE * 2), key=key), self.tally, rate=RATE)
        self.rates.append(closed.per_second)
        self.costs.append(cpu_us(closed))
        self.times += opened.latencies
        self.answers += closed.answers + opened.answers


def redis_at_5_ms(directory: Path) -> Row:
    """Redis 5 ms away, in turn with one on this machine."""
    with contextlib.ExitStack() as running:
        valkeys = [running.enter_context(running_valkey(tcp=True, cores={LOAD_CORE})) for _ in range(2)]
        near = valkeys[0].port
        far = running.enter_context(at_distance(valkeys[1].port, milliseconds=DISTANCE_MS))
        nodes = [
            running.enter_context(one_worker(directory, data=f"data-{port}", settings=_url(port)))
            for port in (near, far)
        ]
        key, sides = key_of(directory), (_Side(), _Side())
        for _ in range(ROUNDS):
            for node, side in zip(nodes, sides, strict=True):
                side.ask(node, key)
        round_trip = _round_trip_ms(far)
    beside, away = sides
    return Row(
        {
            "round_trip_ms": round_trip,
            "p50_ms": milliseconds(away.times, 0.5),
            "p99_ms": milliseconds(away.times, 0.99),
            "p50_ms_beside": milliseconds(beside.times, 0.5),
            "p99_ms_beside": milliseconds(beside.times, 0.99),
            "answered_in_time": in_time(away.times),
            "without_evidence": round(away.tally.said["degraded"] / away.answers, 4),
            "without_evidence_beside": round(beside.tally.said["degraded"] / beside.answers, 4),
            "cpu_of_a_call_vs_beside": _ratio(away.costs, beside.costs),
            "rate_with_32_connections_vs_beside": _ratio(away.rates, beside.rates),
        },
        wanted="all answered within max_ms",
        is_met=in_time(away.times) == 1,
    )


def redis_gone(directory: Path) -> Row:
    """Redis stopped in the middle of it, let go on, then killed: calls go on all the while."""
    with (
        running_valkey(tcp=True, cores={LOAD_CORE}) as valkey,
        one_worker(directory, settings=_url(valkey.port)) as node,
    ):
        ask(node, material.calls(1_000, key=key_of(directory)), Tally())
        calls = material.calls(int(RATE * 12), key=key_of(directory))
        tally = Tally()
        breaking = threading.Thread(target=_break, args=(valkey.pid,))
        breaking.start()
        times = ask(node, calls, tally, rate=RATE).latencies
        breaking.join()
    return Row(
        {
            "calls": len(times),
            "answered_in_time": in_time(times),
            "verified": tally.said["passed"] / len(times),
            "without_evidence": round(tally.said["degraded"] / len(times), 3),
            "p50_ms": milliseconds(times, 0.5),
            "p99_ms": milliseconds(times, 0.99),
            "highest_ms": milliseconds(times, 1.0),
        },
        wanted="all answered within max_ms and verified",
        is_met=in_time(times) == 1 and tally.said["passed"] == len(times),
    )


def embedded_valkey(directory: Path) -> Row:
    """The node's own Valkey, by its socket, in turn with another one by TCP."""
    with contextlib.ExitStack() as running:
        valkey = running.enter_context(running_valkey(tcp=True, cores={LOAD_CORE}))
        own = running.enter_context(one_worker(directory, data="own"))
        other = running.enter_context(one_worker(directory, data="other", settings=_url(valkey.port)))
        key, sides = key_of(directory), (_Side(), _Side())
        for _ in range(ROUNDS):
            for node, side in zip((own, other), sides, strict=True):
                side.ask(node, key)
    own_side, tcp = sides
    return Row(
        {
            "cpu_of_a_call_embedded_vs_tcp": _ratio(own_side.costs, tcp.costs),
            "rate_embedded_vs_tcp": _ratio(own_side.rates, tcp.rates),
            "p50_ms_embedded": milliseconds(own_side.times, 0.5),
            "p50_ms_tcp": milliseconds(tcp.times, 0.5),
            "p99_ms_embedded": milliseconds(own_side.times, 0.99),
            "p99_ms_tcp": milliseconds(tcp.times, 0.99),
        }
    )


def _url(port: int) -> dict[str, str]:
    return {"CALLMARK_REDIS__URL": f"redis://127.0.0.1:{port}"}


def _ratio(over: list[float], under: list[float]) -> float:
    return round(statistics.median(one / other for one, other in zip(over, under, strict=True)), 3)


def _round_trip_ms(port: int) -> float:
    client = redis.Redis(port=port)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        client.ping()
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def _break(pid: int) -> None:
    for seconds, number in ((2, signal.SIGSTOP), (4, signal.SIGCONT), (3, signal.SIGKILL)):
        time.sleep(seconds)
        os.kill(pid, number)
