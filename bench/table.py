"""A run's figures as text for a terminal."""

from __future__ import annotations

from typing import Any

from bench.targets import LATENCY_MS, RATIOS, spread

_PERCENTILES = {"p50": "p50", "p99": "p99", "p99.9": "p999", "highest": "highest"}


def table(figures: dict[str, Any]) -> str:
    """Everything that was measured."""
    return "\n".join(
        [*_rates(figures), "", *_ratios(figures), "", *_hostile(figures), "", *_latency(figures)]
    )


def _rates(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'':28}{'per core':>10}{'per second':>12}   CPU us a call"]
    for name, rate in figures["per_core"].items():
        each = "  ".join(f"{part} {value:g}" for part, value in figures["cpu_us_per_call"][name].items())
        lines.append(f"{name:28}{rate:>10,}{figures['per_second'][name]:>12,}   {each}")
    speed = figures["openssl_per_core"]
    return lines + [f"{'openssl speed ' + name:28}{rate:>10,}" for name, rate in speed.items()]


def _ratios(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'ratio':32}{'median':>8}{'lowest':>9}{'highest':>9}   wanted"]
    for name, value in figures["ratios"].items():
        low, high = spread(figures, name)
        line = f"{name:32}{value:>8.2f}{low:>9.2f}{high:>9.2f}"
        if name in RATIOS:
            line += f"   {RATIOS[name]}{'' if RATIOS[name].is_met(value) else '   NOT MET'}"
        lines.append(line)
    return lines


def _hostile(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'hostile token':36}{'of a genuine call':>18}   answered"]
    for name, each in figures["hostile"].items():
        note = f" (each of {each['headers']})" if each["headers"] > 1 else ""
        lines.append(f"{name:36}{each['ratio']:>18.2f}   {each['verstat']}{note}")
    return lines


def _latency(figures: dict[str, Any]) -> list[str]:
    latency, noise = figures["latency_ms"], figures["noise"]
    wanted = ", ".join(f"{name} {target}" for name, target in LATENCY_MS.items())
    foreign = noise["foreign_share_of_server_core"]
    worst = max(foreign, key=foreign.__getitem__)
    spent = ", ".join(f"{name} {latency[key]} ms" for name, key in _PERCENTILES.items())
    shares = f"load's share of its core at most {noise['load_share_highest']}; "
    shares += f"others' share of the server's core at most {foreign[worst]:.0%} ({worst})"
    return [
        f"latency of /v1/verdicts, open loop at {latency['calls_per_second']} a second (wanted: {wanted}):",
        f"    {spent}",
        "",
        shares,
    ]
