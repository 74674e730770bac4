"""`make bench-check`: has anything become slower? A run's figures beside bench/baseline.json.

Every figure is a ratio to `openssl speed ecdsap256` of the same run, or to another measurement of it, never a
time: so the baseline of one machine serves on others of its kind. The bounds are as wide as ratios differed
between runs on a busy machine. What is outside is measured once more before it counts.

    python -m bench.check                measure and compare; 1 when something has fallen
    python -m bench.check --figures F    compare the figures of an earlier run (bench/results/latest.json)
    python -m bench.check --accept       compare, and make these figures the baseline
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.__main__ import run
from bench.environment import ROOT
from bench.load import LoadError
from bench.processes import DidNotStartError
from bench.rounds import CHECK

BASELINE = ROOT / "bench" / "baseline.json"


@dataclass(frozen=True, slots=True)
class Watched:
    """A figure that is watched, and the part by which it may be worse than the baseline's."""

    allowance: float
    more_is_better: bool = True

    def worse_by(self, value: float, baseline: float) -> float:
        """The part by which it is worse; negative where it is better."""
        return 1 - value / baseline if self.more_is_better else value / baseline - 1


WATCHED = {
    "verify_vs_openssl": Watched(0.20),
    "verdict_vs_openssl": Watched(0.20),
    "sign_vs_openssl": Watched(0.20),
    "whole_node_vs_openssl": Watched(0.25),
    "hostile_vs_genuine": Watched(0.35, more_is_better=False),
    "p50_in_openssl_verifies": Watched(1.0, more_is_better=False),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--figures", type=Path, help="of an earlier run, instead of measuring")
    parser.add_argument("--accept", action="store_true", help="make these figures the baseline")
    arguments = parser.parse_args()
    try:
        found = watched(json.loads(arguments.figures.read_text()) if arguments.figures else run(CHECK))
        baseline: dict[str, float] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
        lines, fallen = compare(found, baseline)
        if fallen and not arguments.figures and not arguments.accept:
            sys.stderr.write(f"  {', '.join(fallen)}: measured once more\n")
            again = watched(run(CHECK))
            lines, fallen = compare(
                {name: _better(name, found[name], again[name]) for name in found}, baseline
            )
    except (DidNotStartError, LoadError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    print("\n".join(lines))
    if arguments.accept:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        print(f"{BASELINE.relative_to(ROOT)} now says this")
        return 0
    return 1 if fallen else 0


def watched(figures: dict[str, Any]) -> dict[str, float]:
    """What is watched of a run's figures."""
    ratios, verifies = figures["ratios"], figures["openssl_per_core"]["verify"]
    whole = sum(figures["cpu_us_per_call"]["verification"].values()) / 1e6
    values = {
        **{name: ratios[name] for name in ratios if name in WATCHED},
        "whole_node_vs_openssl": 1 / whole / verifies,
        "p50_in_openssl_verifies": figures["latency_ms"]["p50"] / 1000 * verifies,
    }
    return {name: round(values[name], 3) for name in WATCHED}


def compare(found: dict[str, float], baseline: dict[str, float]) -> tuple[list[str], list[str]]:
    """A line for each figure, and the names of those that are worse than they may be."""
    lines, fallen = [f"{'':28}{'baseline':>9}{'now':>9}   worse by (allowed)"], []
    for name, value in found.items():
        if name not in baseline:
            lines.append(f"{name:28}{'-':>9}{value:>9.3f}   not in the baseline")
            continue
        worse = WATCHED[name].worse_by(value, baseline[name])
        is_fallen = worse > WATCHED[name].allowance
        lines.append(
            f"{name:28}{baseline[name]:>9.3f}{value:>9.3f}   {worse:+.0%} ({WATCHED[name].allowance:.0%})"
            f"{'   WORSE' if is_fallen else ''}"
        )
        if is_fallen:
            fallen.append(name)
    return lines, fallen


def _better(name: str, one: float, other: float) -> float:
    return max(one, other) if WATCHED[name].more_is_better else min(one, other)


if __name__ == "__main__":
    sys.exit(main())
