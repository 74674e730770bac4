"""`python -m bench.lookups`: what reputation costs by how much of it there is.

For each size: loads that many made-up numbers into an empty Valkey by the road `callmark cache rebuild` takes
after the record, says how long that took and what an entry takes of memory, then asks as calls do, sixteen
at a time, half of them about numbers that are there. Sizes are asked in turn within each round, and the
median of the rounds counts, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import redis

from bench.valkey import running_valkey
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import Known, ReputationLoader
from gateway.knowledge.question import Question
from gateway.knowledge.store import Store
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.entry import FeedEvidence, ReputationEntry
from gateway.reputation.neighbourhood import Area, AreaBuilder, NumberDay

TODAY = int(time.time() // 86_400)
TOGETHER = 16
"""Calls in flight."""
ASKS = 4_000
"""Of one size in one round."""
PLAN = 6_400_000_000
"""Numbers are spread evenly over the NANP, the worst case for hashes by exchange and for blocks."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One size."""

    entries: int
    load_seconds: float
    bytes_an_entry: float
    microseconds: float
    """Of a look-up, the median of the rounds."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.lookups", description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    found = measure(arguments.entries, arguments.rounds)
    for each in found:
        loading = f"loaded in {each.load_seconds:.0f} s, {each.bytes_an_entry:.0f} bytes an entry"
        beside = each.microseconds / found[0].microseconds
        print(f"{each.entries:>11,} entries: {loading}, {each.microseconds:.0f} us a look-up, {beside:.2f} x")
    return 0


def measure(sizes: list[int], rounds: int) -> list[Measured]:
    """Load every size into a Valkey of its own and ask them in turn."""
    return asyncio.run(_measure(sizes, rounds))


async def _measure(sizes: list[int], rounds: int) -> list[Measured]:
    async with contextlib.AsyncExitStack() as running:
        stores: dict[int, Knowledge] = {}
        loaded: dict[int, tuple[float, float]] = {}
        for size in sizes:
            url = running.enter_context(running_valkey()).url
            loaded[size] = await _load(url, size)
            knowledge = Knowledge(await running.enter_async_context(Store(connect(url))))
            running.push_async_callback(knowledge.close)
            stores[size] = knowledge
        times: dict[int, list[float]] = {size: [] for size in sizes}
        for number in range(rounds + 1):
            for size, knowledge in stores.items():
                took = await _ask(knowledge, size, seed=number)
                if number:  # the first round warms up
                    times[size].append(took)
        return [Measured(size, *loaded[size], statistics.median(times[size]) * 1e6) for size in sizes]


def _tn(place: int, size: int) -> TelephoneNumber:
    """The number at a place among `size` spread evenly."""
    exchange, line = divmod(place * (PLAN // size), 10_000)
    area, office = divmod(exchange, 800)
    return TelephoneNumber(f"1{area + 200}{office + 200}{line:04d}")


async def _load(url: str, size: int) -> tuple[float, float]:
    """Seconds it took, and bytes an entry."""
    connected = connect(url, patience=FOR_LOADING)
    entry = ReputationEntry((FeedEvidence("ftc-dnc", 3, 2.7183, TODAY - 9, TODAY),), TODAY + 700)

    async def batches() -> AsyncIterator[list[Known | Area]]:
        builder = AreaBuilder(today=TODAY)
        for first in range(0, size, 1000):
            batch: list[Known | Area] = []
            for place in range(first, min(first + 1000, size)):
                tn = _tn(place, size)
                batch.append((tn, entry))
                if (area := builder.add(NumberDay(tn, TODAY))) is not None:
                    batch.append(area)
            yield batch
            if first % 500_000 == 0:
                sys.stderr.write(f"\r  {first:,} of {size:,} loaded")
        yield list(builder.rest())

    began = time.monotonic()
    await ReputationLoader(connected).rebuild(batches())
    took = time.monotonic() - began
    await connected.aclose()
    used = redis.Redis.from_url(url).info("memory")["used_memory"]
    sys.stderr.write("\r" + " " * 50 + "\r")
    return took, used / size


async def _ask(knowledge: Knowledge, size: int, *, seed: int) -> float:
    """Seconds a look-up."""
    source = random.Random(seed)  # made-up traffic, no secret
    loop = asyncio.get_running_loop()
    questions = []
    for number in range(ASKS):
        tn = _tn(source.randrange(size), size)
        if number % 2:
            tn = TelephoneNumber(f"{tn[:-3]}{source.randrange(1000):03d}")
        questions.append(Question(call_id=str(number), tns=(tn,)))
    spent, answered = 0.0, 0
    for first in range(0, ASKS, TOGETHER):
        began = time.perf_counter()
        asked = [knowledge.ask(each, loop.time() + 1) for each in questions[first : first + TOGETHER]]
        answers = await asyncio.gather(*asked)
        if any(answer.degraded for answer in answers):
            await asyncio.sleep(0.5)  # another process had the core for longer than a batch may take
        else:
            spent, answered = spent + time.perf_counter() - began, answered + len(answers)
    if answered < ASKS / 2:
        raise RuntimeError("the machine is too busy: most batches took longer than 20 ms")
    return spent / answered


if __name__ == "__main__":
    sys.exit(main())
