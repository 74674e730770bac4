"""`make replay`: synthetic traffic through a real gateway, and what becomes of each campaign.

Starts the project's own gateway with its real Valkey on loopback, sends it a national carrier's ordinary
calls with eight scam calls a second among them, each at its moment, tells it how they ended and what called
people complain of, and prints for each campaign how much was caught and for honest callers how much was not
left alone. Everything is invented, from a seed: numbers are from ranges that nobody has.

Calls arrive as fast as in life; nothing of that is compressed, because traffic is counted by the clock. What
comes after a call is: how it ended is told within a second, whatever its duration was.

    python -m bench.replay                         two minutes, about 18,000 calls
    python -m bench.replay --seconds 600 --json    the whole of a ten-minute window, as JSON
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from bench.processes import DidNotStartError
from bench.replay import report
from bench.replay.drive import Heard, drive
from bench.replay.gateway import running_gateway
from bench.replay.scenario import CAMPAIGNS, arrivals, rates


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.replay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=120, help="how long calls arrive (default 120)")
    parser.add_argument("--ordinary", type=float, default=140, help="ordinary calls a second (default 140)")
    parser.add_argument(
        "--scam", type=float, default=8, help="scam calls a second, of all campaigns (default 8)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other calls (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="of the gateway (default 2)")
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    arguments = parser.parse_args()
    if not (0 < arguments.seconds <= 86_400 and arguments.ordinary >= 0 and arguments.scam >= 0):
        parser.error("--seconds lies between 0 and 86400, the rates are not negative")
    try:
        heard = _replay(arguments)
    except DidNotStartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    names = ("seconds", "ordinary", "scam", "seed", "workers")
    figures = report.document(heard, settings={name: getattr(arguments, name) for name in names})
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        report.show(figures, Console(width=140))
    return 0 if not heard.errors else 1


def _replay(arguments: argparse.Namespace) -> Heard:
    calls = arrivals(
        CAMPAIGNS,
        rates(ordinary=arguments.ordinary, scam=arguments.scam),
        seconds=arguments.seconds,
        seed=arguments.seed,
    )
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[calls]} calls"),
        TimeRemainingColumn(), console=console, disable=not console.is_terminal,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="callmark-replay-") as directory, bar:
        task = bar.add_task("starting the gateway", total=arguments.seconds, calls=0)
        with running_gateway(Path(directory), workers=arguments.workers) as gateway:
            bar.update(task, description="replaying")
            return asyncio.run(
                drive(
                    gateway,
                    calls,
                    seconds=arguments.seconds,
                    progress=lambda done, count: bar.update(task, completed=done, calls=count),
                )
            )


if __name__ == "__main__":
    sys.exit(main())
