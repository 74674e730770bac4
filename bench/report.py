"""The figures of a run: ratios first, for absolute ones belong to one machine and one minute."""

from __future__ import annotations

import platform
import statistics
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.measure import CONNECTIONS, LOAD_CORE, SERVER_CORE, Measured, median, percentile
from bench.rounds import Results, Size
from bench.subjects import ROOT

TARGETS = {
    "verify_vs_secsipidx": "at least 1.5",
    "verify_vs_openssl": "at least 0.30",
    "sign_vs_secsipidx": "at least 1.0",
    "cpu_per_call_2_vs_1": "at most 1.05",
}


def document(results: Results, size: Size, *, is_quick: bool) -> dict[str, object]:
    """What `bench/results/latest.json` holds."""
    series = _ratios(results)
    rows = results.rows
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": is_quick,
        "ratios": {name: round(statistics.median(values), 3) for name, values in series.items()},
        "ratios_lowest_highest": {
            name: [round(min(values), 3), round(max(values), 3)] for name, values in series.items()
        },
        "per_core": {name: round(median(each, lambda one: one.per_core)) for name, each in rows.items()},
        "per_second": {name: round(median(each, lambda one: one.per_second)) for name, each in rows.items()},
        "cpu_us_per_call": {name: _cost(each) for name, each in rows.items()},
        "openssl_per_core": {
            "verify": round(statistics.median(one.verifies for one in results.openssl)),
            "sign": round(statistics.median(one.signs for one in results.openssl)),
        },
        "latency_ms": _latency(results),
        "noise": {
            "load_share_highest": round(max(one.load_share for each in rows.values() for one in each), 2),
            "foreign_share_of_server_core": {
                name: round(median(each, lambda one: one.foreign_share), 3) for name, each in rows.items()
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
        "environment": _environment(),
    }


def _ratios(results: Results) -> dict[str, list[float]]:
    """One value a round, each between neighbours in time."""
    rows = results.rows
    found: dict[str, list[float]] = {}

    def divide(
        name: str, over: str, under: str, value: Callable[[Measured], float], *, cost: bool = False
    ) -> None:
        if rows.get(over) and rows.get(under):
            pairs = zip(rows[over], rows[under], strict=True)
            found[name] = [value(low) / value(top) if cost else value(top) / value(low) for top, low in pairs]

    divide("verify_vs_secsipidx", "verification", "secsipidx check", lambda one: one.per_core)
    divide("verdict_vs_secsipidx", "verdict", "secsipidx check", lambda one: one.per_core)
    divide("sign_vs_secsipidx", "signing", "secsipidx sign-csv", lambda one: one.per_core)
    divide("verify_vs_secsipidx_wall", "verification", "secsipidx check", lambda one: one.per_second)
    divide(
        "verify_vs_secsipidx_whole_node",
        "verification",
        "secsipidx check",
        lambda one: one.per_core_with_others,
    )
    divide("sign_vs_secsipidx_wall", "signing", "secsipidx sign-csv", lambda one: one.per_second)
    for name, row, speed in (
        ("verify_vs_openssl", "verification", [one.verifies for one in results.openssl]),
        ("verdict_vs_openssl", "verdict", [one.verifies for one in results.openssl]),
        ("sign_vs_openssl", "signing", [one.signs for one in results.openssl]),
    ):
        found[name] = [one.per_core / other for one, other in zip(rows[row], speed, strict=True)]
    divide(
        "cpu_per_call_2_vs_1",
        "verdict, two workers",
        "verdict, one of two nodes",
        lambda one: one.per_core,
        cost=True,
    )
    return found


def _cost(rows: Sequence[Measured]) -> dict[str, float]:
    names = rows[0].other_cpu
    cost = {"server": round(median(rows, lambda one: 1e6 * one.server_cpu / one.answers), 1)}
    return cost | {
        name: round(median(rows, lambda one, name=name: 1e6 * one.other_cpu[name] / one.answers), 1)  # type: ignore[misc]
        for name in names
    }


def _latency(results: Results) -> dict[str, float]:
    if results.latency is None:
        return {}
    milliseconds = [1000 * each for each in results.latency.latencies]
    return {
        "p50": round(percentile(milliseconds, 0.50), 2),
        "p99": round(percentile(milliseconds, 0.99), 2),
        "p999": round(percentile(milliseconds, 0.999), 2),
        "highest": round(max(milliseconds), 2),
        "calls_per_second": round(results.latency_rate),
        "calls": len(milliseconds),
    }


def _environment() -> dict[str, str]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": str(len(list(Path("/sys/devices/system/cpu").glob("cpu[0-9]*")))),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "cryptography": version("cryptography"),
        "uvloop": version("uvloop"),
        "openssl": _said("openssl", "version"),
        "secsipidx": _said("dpkg-query", "-W", "-f", "${Version}", "secsipidx"),
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
    }


def _said(*argv: str) -> str:
    try:
        ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return ran.stdout.strip() if ran.returncode == 0 else "not installed"


def table(report: dict[str, object]) -> str:
    """The same for people."""
    ratios, spread, per_core, per_second, cost, latency, noise = (
        report[key]
        for key in (
            "ratios",
            "ratios_lowest_highest",
            "per_core",
            "per_second",
            "cpu_us_per_call",
            "latency_ms",
            "noise",
        )
    )
    speed = report["openssl_per_core"]
    lines = [f"{'':28}{'per core':>10}{'per second':>12}   CPU us a call"]
    for name, rate in per_core.items():  # type: ignore[attr-defined]
        each = "  ".join(f"{part} {value:g}" for part, value in cost[name].items())  # type: ignore[index]
        lines.append(f"{name:28}{rate:>10,}{per_second[name]:>12,}   {each}")  # type: ignore[index]
    lines += [f"{'openssl speed ' + name:28}{rate:>10,}" for name, rate in speed.items()]  # type: ignore[attr-defined]
    lines += ["", f"{'ratio':32}{'median':>8}{'lowest':>9}{'highest':>9}   wanted"]
    for name, value in ratios.items():  # type: ignore[attr-defined]
        low, high = spread[name]  # type: ignore[index]
        lines.append(f"{name:32}{value:>8.2f}{low:>9.2f}{high:>9.2f}   {TARGETS.get(name, '')}".rstrip())
    if latency:
        lines += ["", "latency of /v1/verdicts, open loop at {calls_per_second} a second: ".format(**latency)]  # type: ignore[arg-type]
        lines[-1] += "p50 {p50} ms, p99 {p99} ms, highest {highest} ms".format(**latency)  # type: ignore[arg-type]
    lines += ["", f"load's share of its core at most {noise['load_share_highest']}"]  # type: ignore[index]
    foreign = noise["foreign_share_of_server_core"]  # type: ignore[index]
    worst = max(foreign, key=foreign.__getitem__)
    lines[-1] += f"; others' share of the server's core at most {foreign[worst]:.0%} ({worst})"
    return "\n".join(lines)
