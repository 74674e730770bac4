"""`make bench`: how fast, beside openssl and secsipidx, on this machine and within one run.

`python -m bench --quick` is the same with less of everything, for a look while developing.
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

from bench import report
from bench.load import LoadError
from bench.measure import LOAD_CORE, SERVER_CORE
from bench.processes import DidNotStartError, pin
from bench.rounds import FULL, QUICK, Bench, Size
from bench.subjects import ROOT, node, prepare, secsipidx

RESULTS = ROOT / "bench" / "results" / "latest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 40 s, and less exact")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the figures go (JSON)")
    arguments = parser.parse_args()
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        return _fail("The bench needs cores 0 and 1: one for what is measured, one for the load.")
    if shutil.which("openssl") is None or shutil.which("taskset") is None:
        return _fail("openssl and taskset are needed (on Debian: apt install openssl util-linux).")
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="callmark-bench-") as directory:
            bench = _run(Path(directory), QUICK if arguments.quick else FULL)
    except (DidNotStartError, LoadError) as error:
        return _fail(str(error))
    size = QUICK if arguments.quick else FULL
    figures = report.document(bench.results, size, is_quick=arguments.quick)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(report.table(figures))
    print(f"{time.monotonic() - began:.0f} s; written to {arguments.output}")
    return 0


def _run(directory: Path, size: Size) -> Bench:
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
        if size.pairs_of_nodes:
            with node(
                directory,
                workers=2,
                worker_cores=[{SERVER_CORE}, {LOAD_CORE}],
                other_cores={LOAD_CORE},
            ) as two:
                bench.two_workers(two)
    return bench


def _fail(problem: str) -> int:
    sys.stderr.write(f"{problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
