"""`python -m bench.registrations`: what a registration costs a call by how many there are.

For each size: projects that many registered numbers of a hundred owners into a facts file, then looks some up
as a worker does, drawn anew for each round. Sizes are asked in turn within each round, and the median of the
rounds counts, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.facts.projection import Projection
from gateway.facts.reader import FactsReader
from gateway.facts.values import Declaration, FactsState, FactsUnavailable, RegistrationFact
from gateway.registry.registration import Brand

OWNERS = 100
ASKS = 5_000
"""Of one size in one round."""
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One size."""

    numbers: int
    projected_seconds: float
    file_bytes: int
    microseconds: float
    """Of a look-up, the median of the rounds."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.registrations", description=__doc__)
    parser.add_argument("--numbers", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    found = measure(arguments.numbers, arguments.rounds)
    for each in found:
        made = f"projected in {each.projected_seconds:.1f} s, {each.file_bytes / 2**20:.1f} MiB"
        beside = each.microseconds / found[0].microseconds
        print(f"{each.numbers:>9,} numbers: {made}, {each.microseconds:.1f} us a look-up, {beside:.2f} x")
    return 0


def measure(sizes: list[int], rounds: int) -> list[Measured]:
    """Project every size into a file of its own and ask them in turn."""
    with contextlib.ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory()))
        readers: dict[int, FactsReader] = {}
        made: dict[int, tuple[float, int]] = {}
        for size in sizes:
            path = directory / f"facts-{size}.sqlite"
            made[size] = _project(path, size), path.stat().st_size
            readers[size] = FactsReader(path)
            running.callback(readers[size].close)
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for number in range(rounds + 1):
            for size, reader in readers.items():
                took = _ask(reader, size, seed=number)
                if number:  # the first round warms up
                    times[size].append(took)
        return [Measured(size, *made[size], statistics.median(times[size]) * 1e6) for size in sizes]


def _tn(place: int, size: int) -> str:
    """The number at a place among `size` spread evenly; +999 is nobody's: the ITU keeps it."""
    return f"999{place * (10**9 // size):09d}"


def _project(path: Path, size: int) -> float:
    """Seconds it took."""
    began = time.monotonic()
    projection = Projection(path)
    with projection.rebuilding(FactsState(1, "a mark")) as writer:
        for first in range(0, size, AT_ONCE):
            places = range(first, min(first + AT_ONCE, size))
            writer.add_registrations([_fact(place, size) for place in places])
    projection.close()
    return time.monotonic() - began


def _fact(place: int, size: int) -> RegistrationFact:
    return RegistrationFact(
        id=place + 1,
        start=_tn(place, size),
        count=1,
        declared=Declaration(
            owner=f"Owner {place % OWNERS}",
            never_calls_out=False,
            trunks=frozenset({"access-1"}),
            providers=frozenset({"818H"}),
            brand=Brand("Example Bank"),
        ),
        expires_at=2**40,
    )


def _ask(reader: FactsReader, size: int, *, seed: int) -> float:
    """Seconds a look-up."""
    source = random.Random(seed)  # made-up traffic, no secret
    tns = [_tn(source.randrange(size), size) for _ in range(ASKS)]
    now = int(time.time())
    began = time.thread_time()
    answers = [reader.registrations(tn, now=now) for tn in tns]
    spent = time.thread_time() - began
    if any(isinstance(answer, FactsUnavailable) or len(answer) != 1 for answer in answers):
        raise RuntimeError("a registered number was not found")
    return spent / ASKS


if __name__ == "__main__":
    sys.exit(main())
