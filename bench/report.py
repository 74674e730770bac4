"""The figures of a run: ratios first, for absolute ones belong to one machine and one minute."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench.environment import environment
from bench.hostile import KINDS
from bench.measure import CONNECTIONS, LOAD_CORE, SERVER_CORE, Measured, median, percentile
from bench.rounds import ONE_BESIDE_LOAD, ONE_WORKER, TWO_WORKERS, Results, Size

CURVE = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999)
"""The percentiles that are drawn."""


def document(results: Results, size: Size, *, is_quick: bool) -> dict[str, object]:
    """What `bench/results/latest.json` holds."""
    rows = results.rows
    series = _ratios(results)
    kinds = _hostile(results)
    ratios = {name: statistics.median(values) for name, values in series.items()}
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": is_quick,
        "ratios": {
            **{name: round(value, 3) for name, value in ratios.items()},
            # The dearest kind: an attacker chooses.
            "hostile_vs_genuine": max(each["ratio"] for each in kinds.values()),
        },
        "ratios_lowest_highest": {
            name: [round(min(values), 3), round(max(values), 3)] for name, values in series.items()
        },
        "latency_ms": _latency(results),
        "hostile": kinds,
        "per_core": {name: round(median(each, lambda one: one.per_core)) for name, each in rows.items()},
        "per_second": {name: round(median(each, lambda one: one.per_second)) for name, each in rows.items()},
        "cpu_us_per_call": {name: _cost(each) for name, each in rows.items()},
        "openssl_per_core": {
            "verify": round(statistics.median(one.verifies for one in results.openssl)),
            "sign": round(statistics.median(one.signs for one in results.openssl)),
        },
        "noise": {
            "load_share_highest": round(max(one.load_share for each in rows.values() for one in each), 2),
            "foreign_share_of_server_core": {
                # Beside the load it would be the load's.
                name: round(median(each, lambda one: one.foreign_share), 3)
                for name, each in rows.items()
                if name != ONE_BESIDE_LOAD
            },
            "degraded_answers_among_kept": results.degraded,
        },
        "setting": {
            "rounds": size.rounds,
            "requests_a_round": size.requests,
            "connections": CONNECTIONS,
            "pinned": {
                f"core {SERVER_CORE}": "the worker; secsipidx; openssl speed",
                f"core {LOAD_CORE}": "the load; Valkey, control process and supervisor of the node",
            },
            "secsipidx": "-cert-verify 5 -ca-file -cache-dir -expire 60, GOMAXPROCS=1",
        },
        "environment": environment(),
    }


def _ratios(results: Results) -> dict[str, list[float]]:
    """One value a round, each between neighbours in time."""
    rows = results.rows
    found: dict[str, list[float]] = {}

    def divide(name: str, over: str, under: str, value: Callable[[Measured], float]) -> None:
        if rows.get(over) and rows.get(under):
            pairs = zip(rows[over], rows[under], strict=True)
            found[name] = [value(top) / value(low) for top, low in pairs]

    divide("verify_vs_secsipidx", "verification", "secsipidx check", lambda one: one.per_core)
    divide("verdict_vs_secsipidx", "verdict", "secsipidx check", lambda one: one.per_core)
    divide("sign_vs_secsipidx", "signing", "secsipidx sign-csv", lambda one: one.per_core)
    for name, row, speed in (
        ("verify_vs_openssl", "verification", [one.verifies for one in results.openssl]),
        ("verdict_vs_openssl", "verdict", [one.verifies for one in results.openssl]),
        ("sign_vs_openssl", "signing", [one.signs for one in results.openssl]),
    ):
        found[name] = [one.per_core / other for one, other in zip(rows[row], speed, strict=True)]
    divide("verify_vs_secsipidx_wall", "verification", "secsipidx check", lambda one: one.per_second)
    divide("sign_vs_secsipidx_wall", "signing", "secsipidx sign-csv", lambda one: one.per_second)
    divide(
        "verify_vs_secsipidx_whole_node",
        "verification",
        "secsipidx check",
        lambda one: one.per_core_with_others,
    )
    if rows.get(TWO_WORKERS):
        triples = zip(rows[TWO_WORKERS], rows[ONE_WORKER], rows[ONE_BESIDE_LOAD], strict=True)
        found["cpu_per_call_2_vs_1"] = [_two_vs_one(two, (one, beside)) for two, one, beside in triples]
    return found


def _two_vs_one(two: Measured, alone: Sequence[Measured]) -> float:
    """What two workers spent, each in calls of one worker alone in its place, for a call they answered."""
    pairs = zip(two.server_cpus, alone, strict=True)
    return sum(cpu * one.per_core for cpu, one in pairs) / two.answers


def _hostile(results: Results) -> dict[str, dict[str, object]]:
    """The worker's CPU for a call of each kind, for each signature it holds, in genuine calls."""
    found: dict[str, dict[str, object]] = {}
    for kind in KINDS:
        pairs = results.hostile[kind.name]
        ratio = statistics.median(genuine.per_core / own.per_core / kind.headers for own, genuine in pairs)
        found[kind.name] = {
            "ratio": round(ratio, 2),
            "headers": kind.headers,
            "verstat": ", ".join(results.hostile_verstats[kind.name]),
        }
    return found


def _cost(rows: Sequence[Measured]) -> dict[str, float]:
    names = rows[0].other_cpu
    cost = {"server": round(median(rows, lambda one: 1e6 * one.server_cpu / one.answers), 1)}
    return cost | {
        name: round(median(rows, lambda one, name=name: 1e6 * one.other_cpu[name] / one.answers), 1)  # type: ignore[misc]
        for name in names
    }


def _latency(results: Results) -> dict[str, object]:
    """Medians of the rounds, but the highest of all: one hiccup of the machine is not the gateway's p99."""
    rounds = [[1000 * each for each in one.latencies] for one in results.latency]

    def of_rounds(share: float) -> float:
        return statistics.median(percentile(each, share) for each in rounds)

    return {
        "p50": round(of_rounds(0.50), 2),
        "p99": round(of_rounds(0.99), 2),
        "p999": round(of_rounds(0.999), 2),
        "highest": round(max(map(max, rounds)), 2),
        "calls_per_second": round(results.latency_rate),
        "calls": sum(map(len, rounds)),
        "curve": [[share, round(of_rounds(share), 3)] for share in CURVE],
    }
