"""`make bench`: how fast, beside openssl and secsipidx, on this machine and within one run.

Writes bench/results/latest.json, and a picture of it beside. `python -m bench --quick` is the same with less
of everything, for a look while developing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import report
from bench.environment import ROOT
from bench.load import LoadError
from bench.measure import LOAD_CORE, SERVER_CORE
from bench.picture import picture
from bench.processes import DidNotStartError, pin
from bench.rounds import FULL, QUICK, Bench, Size
from bench.subjects import node, prepare, secsipidx
from bench.table import table

RESULTS = ROOT / "bench" / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 40 s, and less exact; nothing is written")
    parser.add_argument("--into", type=Path, help="the directory for latest.json and latest.svg")
    arguments = parser.parse_args()
    into: Path | None = arguments.into or (None if arguments.quick else RESULTS)
    began = time.monotonic()
    try:
        figures = run(QUICK if arguments.quick else FULL, is_quick=arguments.quick)
    except (DidNotStartError, LoadError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(table(figures))
    print(f"{time.monotonic() - began:.0f} s")
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        (into / "latest.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        (into / "latest.svg").write_text(picture(figures), encoding="utf-8")
        print(f"written to {into}: latest.json, latest.svg")
    return 0


def run(size: Size, *, is_quick: bool = False) -> dict[str, Any]:
    """Measure and give the document. Raises DidNotStartError, LoadError."""
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise DidNotStartError("The bench needs cores 0 and 1: one for what is measured, one for the load.")
    if shutil.which("openssl") is None or shutil.which("taskset") is None:
        raise DidNotStartError("openssl and taskset are needed (on Debian: apt install openssl util-linux).")
    with tempfile.TemporaryDirectory(prefix="callmark-bench-") as directory:
        return report.document(_measure(Path(directory), size).results, size, is_quick=is_quick)


def _measure(directory: Path, size: Size) -> Bench:
    pin(0, {LOAD_CORE})
    prepare(directory)
    with contextlib.ExitStack() as running:
        one = running.enter_context(
            node(directory, workers=1, worker_cores=[{SERVER_CORE}], other_cores={LOAD_CORE})
        )
        rival = None
        if shutil.which("secsipidx") is None:
            sys.stderr.write(
                "  secsipidx is not installed (apt install secsipidx): its ratios are left out\n"
            )
        else:
            rival = running.enter_context(secsipidx(directory, cores={SERVER_CORE}))
        bench = Bench(one, rival, size)
        bench.run()
        bench.latency()
        bench.hostile()
        if size.pairs_of_nodes:
            with node(
                directory,
                workers=2,
                worker_cores=[{SERVER_CORE}, {LOAD_CORE}],
                other_cores={LOAD_CORE},
            ) as two:
                bench.two_workers(two)
    return bench


if __name__ == "__main__":
    sys.exit(main())
