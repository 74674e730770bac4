"""`make bench-cases`: the cases that matter, one after the other, or those that are named.

Each starts what it needs on loopback and stops it again. What each measured is printed and kept in
bench/results/cases.json beside what the others measured, from which `make bench-docs` makes the table of
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cases.case import Row
from bench.cases.certificates import cold, dead_host
from bench.cases.evidence import embedded_valkey, redis_at_5_ms, redis_gone
from bench.cases.plain import hostile_tokens, warm
from bench.cases.reloads import reload_each_second
from bench.cases.volume import registered, reputation
from bench.environment import ROOT, environment
from bench.load import LoadError
from bench.measure import LOAD_CORE
from bench.processes import DidNotStartError, pin
from bench.subjects import prepare

RESULTS = ROOT / "bench" / "results" / "cases.json"
CASES: dict[str, Callable[[Path], Row]] = {
    "warm": warm,
    "cold": cold,
    "dead-host": dead_host,
    "hostile": hostile_tokens,
    "redis-5ms": redis_at_5_ms,
    "redis-gone": redis_gone,
    "reload": reload_each_second,
    "embedded": embedded_valkey,
    "registered": registered,
    "reputation": reputation,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cases", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all without any")
    parser.add_argument("--into", type=Path, default=RESULTS, help="the file for the figures")
    arguments = parser.parse_args()
    if unknown := set(arguments.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}")
    pin(0, {LOAD_CORE})
    failed = False
    for name in arguments.cases or CASES:
        sys.stderr.write(f"{name}: {summary(name)}\n")
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory(prefix="callmark-bench-") as directory:
                prepare(Path(directory))
                row = CASES[name](Path(directory))
        except (DidNotStartError, LoadError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = True
            continue
        took = round(time.monotonic() - began)
        print(f"{name} ({took} s): {line(row)}")
        keep(arguments.into, name, row, took)
    return 1 if failed else 0


def summary(name: str) -> str:
    """What a case is, in a sentence."""
    return (CASES[name].__doc__ or "").partition("\n")[0]


def line(row: Row) -> str:
    """A row for a terminal."""
    said = "  ".join(f"{name} {value:g}" for name, value in row.figures.items())
    if row.is_met is None:
        return said
    return f"{said}   wanted: {row.wanted}: {'kept' if row.is_met else 'NOT KEPT'}"


def keep(file: Path, name: str, row: Row, seconds: int) -> None:
    """Put the case's figures in the place of its earlier ones."""
    document: dict[str, Any] = (
        json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"cases": {}}
    )
    document["environment"] = environment()
    document["cases"][name] = {
        "what": summary(name),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "figures": dict(row.figures),
        "wanted": row.wanted,
        "is_met": row.is_met,
    }
    order = {each: document["cases"][each] for each in CASES if each in document["cases"]}
    file.write_text(json.dumps(document | {"cases": order}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
