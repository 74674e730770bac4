"""What a question costs on one server and on a cluster of three: `python -m bench.partitions`.

CPU microseconds of the asking process and of all servers together, for each call's question (two numbers of
different exchanges, a called number, a claim against replay, traffic), from the kernel's own account; so many
questions are in flight at once as a busy worker has. A cluster is asked by an FCALL for each partition.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence

import uvloop

from bench.processes import cpu_seconds
from gateway.knowledge.batch import Knowledge
from gateway.knowledge.cluster_store import open_store
from gateway.knowledge.connect import FOR_LOADING, connect
from gateway.knowledge.importers.loader import Known, ReputationLoader
from gateway.knowledge.question import Passage, Question, ReplayClaim
from gateway.knowledge.store import REST_SECONDS
from gateway.numbers.canonical import TelephoneNumber
from tests.redis_cluster import running_cluster
from tests.valkey import Valkey, running_valkey

WINDOW_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with running_valkey() as single, running_cluster() as cluster:
        for in_flight in (4, 16, 64):
            for name, url, servers in (
                ("one server", single.url, [single]),
                ("three primaries", cluster.url, cluster.nodes),
            ):
                found = [
                    uvloop.run(_measure(url, servers, asked.questions, in_flight))
                    for _ in range(asked.rounds)
                ]
                middle = (statistics.median(each) for each in zip(*found, strict=True))
                worker, server, batch, degraded = middle
                print(
                    f"{name:<16}{in_flight:>4} in flight: worker {worker:>6.1f} us, "
                    f"servers {server:>6.1f} us a call, {batch:>5.1f} calls a batch, {degraded:.1%} degraded"
                )


async def _measure(
    url: str, servers: Sequence[Valkey], questions: int, in_flight: int
) -> tuple[float, float, float, float]:
    patient = connect(url, patience=FOR_LOADING)
    await ReputationLoader(patient).rebuild(_nothing())
    await patient.aclose()
    async with open_store(connect(url)) as store:
        knowledge = Knowledge(store)
        await _ask(knowledge, 0, in_flight)
        own, theirs = time.process_time(), _cpu(servers)
        batches = knowledge.batches
        counts = await asyncio.gather(
            *(_ask(knowledge, 1 + each, questions // in_flight) for each in range(in_flight))
        )
        calls = questions // in_flight * in_flight
        found = (
            (time.process_time() - own) / calls * 1e6,
            (_cpu(servers) - theirs) / calls * 1e6,
            calls / (knowledge.batches - batches),
            sum(counts) / calls,
        )
        await knowledge.close()
        return found


async def _ask(knowledge: Knowledge, seed: int, count: int) -> int:
    """How many answers were not whole."""
    loop, degraded = asyncio.get_running_loop(), 0
    for number in range(count):
        at = seed * 7919 + number * 104_729
        caller = TelephoneNumber(f"4420{at % 80_000_000:08d}")
        network = TelephoneNumber(f"4477{at * 31 % 80_000_000:08d}")
        called = TelephoneNumber(f"4416{at * 17 % 80_000_000:08d}")
        question = Question(
            call_id=f"{seed}-{number}",
            tns=(caller, network),
            called=(called,),
            replay=ReplayClaim(orig=caller, dest=(called,), iat=at, origid=f"{at}", freshness_seconds=60),
            passage=Passage(
                path="international/unsigned", tn=caller, called=called, is_honeypot=False,
                window_seconds=WINDOW_SECONDS,
            ),
        )  # fmt: skip
        if (await knowledge.ask(question, loop.time() + 1)).degraded:
            degraded += 1
            await asyncio.sleep(REST_SECONDS)  # whoever is told at once would ask again at once
    return degraded


async def _nothing() -> AsyncIterator[list[Known]]:
    """An empty record: every partition is whole, and every number unknown to it."""
    yield []


def _cpu(servers: Sequence[Valkey]) -> float:
    return sum(cpu_seconds(server.pid) for server in servers)


if __name__ == "__main__":
    main()
