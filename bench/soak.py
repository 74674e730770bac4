"""`python -m bench.soak`: does a worker grow? Millions of calls, and its memory at points between.

Every call has a PASSporT of its own and one of a million numbers; every answer is checked. Memory is what the
process has made itself (the kernel's Anonymous): a share of files that are mapped grows when others that map
them end. Stops at the number of calls or of seconds, whichever comes first. Kept in bench/results/soak.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import material
from bench.cases.case import Tally, ask, key_of, one_worker
from bench.environment import ROOT, environment
from bench.load import LoadError
from bench.measure import LOAD_CORE
from bench.processes import DidNotStartError, pin
from bench.subjects import Node, prepare

RESULTS = ROOT / "bench" / "results" / "soak.json"
FIRST = 100_000
"""Calls before the point that others are compared with."""
PORTION = 4_000
NUMBERS = 1_000_000
BOUND = 1.05


@dataclass(frozen=True, slots=True)
class Point:
    """Memory in MiB after so many calls."""

    calls: int
    seconds: int
    worker: float
    control: float
    valkey: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=int, default=3_600, help="stop after so many (default 3600)")
    parser.add_argument("--into", type=Path, default=RESULTS, help="the file for the figures")
    arguments = parser.parse_args()
    pin(0, {LOAD_CORE})
    try:
        with tempfile.TemporaryDirectory(prefix="callmark-soak-") as directory:
            prepare(Path(directory))
            points, degraded = soak(Path(directory), arguments.calls, arguments.seconds)
    except (DidNotStartError, LoadError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    document = _document(points, degraded)
    arguments.into.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    ratio = document["worker_last_vs_first"]
    print(f"worker after {points[-1].calls:,} calls ÷ after {points[0].calls:,}: {ratio} (at most {BOUND})")
    return 0 if ratio <= BOUND else 1


def soak(directory: Path, calls: int, seconds: int) -> tuple[list[Point], float]:
    """Memory at points, and the part of the answers that had to do without evidence."""
    done, points, tally = 0, list[Point](), Tally()
    chance, key = random.Random(1), key_of(directory)
    with one_worker(directory) as node:
        began = time.monotonic()
        while done < calls and time.monotonic() - began < seconds:
            # +999 is nobody's: the ITU keeps it.
            origs = [f"999{chance.randrange(NUMBERS):09d}" for _ in range(PORTION)]
            portion = material.calls(PORTION, key=key, origs=origs)
            ask(node, portion, tally)
            done += PORTION
            os.truncate(directory / "data.log", 0)  # ten gigabytes otherwise
            if _is_point(done):
                points.append(_point(node, done, time.monotonic() - began))
                print(_line(points[-1]), flush=True)
        if not points:
            raise LoadError(f"{done:,} calls in {seconds} s, and the first look is after {FIRST:,}")
        if points[-1].calls < done:
            points.append(_point(node, done, time.monotonic() - began))
            print(_line(points[-1]), flush=True)
    if tally.said["passed"] != done:
        raise LoadError(f"{done - tally.said['passed']} of {done} calls were not verified")
    return points, tally.said["degraded"] / done


def _is_point(calls: int) -> bool:
    return calls in (FIRST, 2 * FIRST) or calls % 500_000 == 0


def _point(node: Node, calls: int, seconds: float) -> Point:
    pids = {"worker": node.workers[0], **node.others}
    sizes = {name: round(own_mib(pid), 1) for name, pid in pids.items() if name != "supervisor"}
    return Point(calls, round(seconds), **sizes)


def own_mib(pid: int) -> float:
    """The memory a process has made itself, without the files it maps."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/smaps_rollup has no Anonymous")


def _line(point: Point) -> str:
    return (
        f"{point.calls:>10,} calls  {point.seconds:>5} s   worker {point.worker:g} MiB  "
        f"control {point.control:g} MiB  valkey {point.valkey:g} MiB"
    )


def _document(points: list[Point], degraded: float) -> dict[str, Any]:
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "worker_last_vs_first": round(points[-1].worker / points[0].worker, 3),
        "calls": points[-1].calls,
        "without_evidence": round(degraded, 5),
        "points": [asdict(point) for point in points],
        "environment": environment(),
    }


if __name__ == "__main__":
    sys.exit(main())
