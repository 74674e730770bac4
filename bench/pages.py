"""`make bench-docs`: writes the figures of the last runs into docs/performance.md, and its picture.

What stands between `<!-- bench NAME -->` and `<!-- end -->` there is made from bench/results/*.json, which
the measuring commands write; so the page equals what they printed. Nothing is measured here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.environment import ROOT
from bench.picture import picture
from bench.targets import LATENCY_MS, RATIOS, spread

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "images" / "performance.svg"
_PART = re.compile(r"(<!-- bench (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(_read(RESULTS, "latest")), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")
    return 0


def page(text: str, results: Path) -> str:
    """The page with every part made anew. KeyError for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}{_part(found[2], results)}\n{found[3]}", text)


def _part(name: str, results: Path) -> str:
    try:
        return _PARTS[name](results)
    except FileNotFoundError as missing:
        return f"Not measured yet: there is no `{Path(missing.filename).name}`."


def _read(results: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _rows(*rows: list[str]) -> str:
    """A Markdown table; the first row is its heading."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _setting(results: Path) -> str:
    figures = _read(results, "latest")
    machine, setting = figures["environment"], figures["setting"]
    where = f"{machine['cores']} cores ({machine['cpu']}), Linux {machine['kernel']}"
    what = f"Python {machine['python']}, aiohttp {machine['aiohttp']}, cryptography {machine['cryptography']}"
    beside = f"{machine['openssl']}, `secsipidx` {machine['secsipidx']}"
    size = f"{setting['rounds']} rounds of {setting['requests_a_round']:,} requests each"
    return f"{where}, {what},\n{beside}; {size}, {figures['made'][:10]}."


def _ratios(results: Path) -> str:
    figures = _read(results, "latest")
    table = [["Ratio", "Median", "Lowest", "Highest", "Wanted", "Aimed at"]]
    for name, value in figures["ratios"].items():
        low, high = spread(figures, name)
        target = RATIOS.get(name)
        wanted, aim = ("", "") if target is None else (f"{target.sign} {target.bound:g}", f"{target.aim:g}")
        if target is not None and not target.is_met(value):
            wanted += " (not yet)"
        table.append([f"`{name}`", f"**{value:.2f}**", f"{low:.2f}", f"{high:.2f}", wanted, aim])
    return _rows(*table)


def _cost(results: Path) -> str:
    table = [["CPU microseconds a call", "Worker", "Valkey", "Control process"]]
    for name, cost in _read(results, "latest")["cpu_us_per_call"].items():
        others = [f"{cost[part]:.0f}" if part in cost else "" for part in ("valkey", "control")]
        table.append([name, f"{cost['server']:.0f}", *others])
    return _rows(*table)


def _latency(results: Path) -> str:
    latency = _read(results, "latest")["latency_ms"]
    bounds = ", ".join(f"{name} at most {target.bound:g} ms" for name, target in LATENCY_MS.items())
    met = all(target.is_met(latency[name]) for name, target in LATENCY_MS.items())
    return (
        f"Latency at {latency['calls_per_second']:,} verdicts a second: **p50 {latency['p50']:g} ms, "
        f"p99 {latency['p99']:g} ms**, p99.9 {latency['p999']:g} ms, highest {latency['highest']:g} ms.\n"
        f"Wanted: {bounds}; {'both are kept' if met else 'not yet kept'}."
    )


def _hostile(results: Path) -> str:
    table = [["Kind", "Of a genuine call", "Answered"]]
    for name, each in _read(results, "latest")["hostile"].items():
        words = f"{name}, each" if each["headers"] > 1 else name
        table.append([words, f"{each['ratio']:.2f}", f"`{each['verstat']}`"])
    return _rows(*table)


def _cases(results: Path) -> str:
    table = [["Case", "Measured", "Wanted"]]
    for name, case in _read(results, "cases")["cases"].items():
        said = ", ".join(f"{words.replace('_', ' ')} {value:g}" for words, value in case["figures"].items())
        kept = (
            "" if case["is_met"] is None else f"{case['wanted']}: {'kept' if case['is_met'] else 'not yet'}"
        )
        table.append([f"`{name}`: {case['what'].rstrip('.')}", said, kept])
    return _rows(*table)


def _soak(results: Path) -> str:
    soak = _read(results, "soak")
    first, last = soak["points"][0], soak["points"][-1]
    table = [["Calls", "Worker", "Control process", "Valkey (MiB)"]]
    for point in soak["points"]:
        sizes = [f"{point[name]:.0f}" for name in ("worker", "control", "valkey")]
        table.append([f"{point['calls']:,}", *sizes])
    ratio = f"{soak['worker_last_vs_first']:.3f} times its memory after {first['calls']:,}"
    return f"{_rows(*table)}\n\nThe worker after {last['calls']:,} calls has {ratio}; wanted at most 1.05."


_PARTS: dict[str, Callable[[Path], str]] = {
    "setting": _setting,
    "ratios": _ratios,
    "cost": _cost,
    "latency": _latency,
    "hostile": _hostile,
    "cases": _cases,
    "soak": _soak,
}


if __name__ == "__main__":
    sys.exit(main())
