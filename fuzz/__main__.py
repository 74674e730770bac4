"""Fuzz the parsers, one after the other, beginning from the kept corpus.

    python -m fuzz                         every target, 60 seconds in all
    python -m fuzz --seconds 8400          every target, ten minutes each
    python -m fuzz json token --seconds 60 these two
    python -m fuzz --seconds 600 --keep    and put what was found into fuzz/corpus, made small

A finding stops the run. Its input stands in fuzz/findings/; `FUZZ_TARGET=NAME python -m fuzz.one FILE` runs
it again.
Needs `make fuzz`'s environment (atheris, requirements-fuzz.lock).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.material import seeds
from fuzz.targets import TARGETS

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FINDINGS = HERE / "findings"
LONGEST_INPUT = {"body": 4096, "configuration": 8192, "chain": 6000, "trust-list": 4096}
"""Bytes; 2048 for the others. A parser is reached by short inputs sooner."""


def main() -> int:
    asked = argparse.ArgumentParser(
        prog="python -m fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none")
    asked.add_argument("--seconds", type=int, default=60, help="for all targets together (default 60)")
    asked.add_argument("--keep", action="store_true", help="merge what was found into fuzz/corpus")
    options = asked.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        asked.error(f"no such target: {', '.join(sorted(unknown))}")
    targets = options.targets or list(TARGETS)
    each = max(1, options.seconds // len(targets))
    for name in targets:
        if not run(name, each, keep=options.keep):
            return 1
    print(f"{len(targets)} targets, {each} s each, no finding")
    return 0


def run(name: str, seconds: int, *, keep: bool) -> bool:
    """Fuzz one target; False when there was a finding."""
    kept = CORPUS / name
    if not kept.is_dir():
        kept.mkdir(parents=True)
        for number, seed in enumerate(seeds()[name]):
            (kept / f"seed-{number}").write_bytes(seed)
    FINDINGS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as found:
        prefix = FINDINGS / f"{name}-"
        size = LONGEST_INPUT.get(name, 2048)
        # The first folder is where libFuzzer writes; the kept corpus is only read.
        fuzzed = one(
            name, found, str(kept), f"-max_total_time={seconds}", f"-max_len={size}", "-timeout=10",
            "-rss_limit_mb=2048", f"-artifact_prefix={prefix}", "-print_final_stats=1",
        )  # fmt: skip
        runs = re.search(r"number_of_executed_units: (\d+)", fuzzed.stderr)
        coverage = re.findall(r"cov: (\d+)", fuzzed.stderr)
        if fuzzed.returncode != 0:
            print(f"{name}: FINDING\n{(fuzzed.stdout + fuzzed.stderr)[-6000:]}")
            return False
        if keep:
            merge(name, kept, Path(found))
        print(
            f"{name}: {seconds} s, {runs[1] if runs else '?'} inputs, "
            f"coverage {coverage[-1] if coverage else '?'}, {len(list(kept.iterdir()))} kept",
            flush=True,
        )
    return True


def merge(name: str, kept: Path, found: Path) -> None:
    """Keep the smallest set of inputs that reaches everything that was reached."""
    with tempfile.TemporaryDirectory() as merged:
        one(name, "-merge=1", merged, str(kept), str(found))
        if any(Path(merged).iterdir()):
            shutil.rmtree(kept)
            shutil.copytree(merged, kept)


def one(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FUZZ_TARGET": name, "PYTHONPATH": str(HERE.parent)}
    return subprocess.run(
        [sys.executable, str(HERE / "one.py"), *arguments],
        check=False, capture_output=True, text=True, errors="replace", cwd=HERE.parent, env=environment,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
