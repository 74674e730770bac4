"""Nothing special: the warm gateway, and what hostile tokens cost it."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench import hostile, material
from bench.cases.case import RATE, Row, Tally, ask, cpu_us, in_time, key_of, milliseconds, one_worker
from bench.measure import measure

ROUNDS = 5
CALLS = 4_000
HOSTILE_CALLS = 600


def warm(directory: Path) -> Row:
    """Everything known: one certificate, verified again and again."""
    with one_worker(directory) as node:
        key, tally = key_of(directory), Tally()
        ask(node, material.calls(CALLS, key=key), tally)
        closed = [ask(node, material.calls(CALLS, key=key), tally) for _ in range(ROUNDS)]
        times = ask(node, material.calls(int(RATE * 10), key=key), tally, rate=RATE).latencies
    return Row(
        {
            "cpu_of_a_call_us": round(statistics.median(map(cpu_us, closed)), 1),
            "calls_a_second": round(statistics.median(each.per_second for each in closed)),
            "p50_ms": milliseconds(times, 0.5),
            "p99_ms": milliseconds(times, 0.99),
            "answered_in_time": in_time(times),
        },
        wanted="all answered within max_ms",
        is_met=in_time(times) == 1,
    )


def hostile_tokens(directory: Path) -> Row:
    """Each kind of hostile token, each right after genuine ones; CPU of a call in genuine calls."""
    with one_worker(directory) as node:
        key = key_of(directory)
        ask(node, material.calls(CALLS, key=key), Tally())
        ratios: dict[str, list[float]] = {kind.name: [] for kind in hostile.KINDS}
        for _ in range(ROUNDS):
            for kind in hostile.KINDS:
                genuine = cpu_us(ask(node, material.calls(HOSTILE_CALLS, key=key), Tally()))
                requests = hostile.requests(kind, HOSTILE_CALLS, key=key, token=node.token)
                measured = measure(node.port, requests, material.is_answered, servers=node.workers)
                ratios[kind.name].append(cpu_us(measured) / genuine / kind.headers)
    medians = {name: round(statistics.median(each), 2) for name, each in ratios.items()}
    dearest = max(medians, key=medians.__getitem__)
    return Row(
        {"dearest": medians[dearest], "median": statistics.median(medians.values()), **medians},
        wanted="none dearer than a genuine call",
        is_met=medians[dearest] <= 1.0,
    )
