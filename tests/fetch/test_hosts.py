from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.fetch.hosts import (
    FAILURES_BEFORE_REST,
    LONGEST_REST_SECONDS,
    MOST_WAITING,
    STRANGERS_AT_ONCE,
    Hosts,
    NoTurnError,
)


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def fail(hosts: Hosts, name: str) -> None:
    async with hosts.turn(name) as turn:
        turn.dead()


async def test_rest_doubles_with_each_failure_up_to_its_bound() -> None:
    time = Time()
    hosts = Hosts(time, fetch_seconds=2.0)
    for _ in range(FAILURES_BEFORE_REST):
        await fail(hosts, "dead:443")
    for rest in (2.0, 4.0, 8.0, 16.0, 32.0, LONGEST_REST_SECONDS, LONGEST_REST_SECONDS):
        time.now += rest - 0.1
        with pytest.raises(NoTurnError):
            await fail(hosts, "dead:443")
        time.now += 0.2
        await fail(hosts, "dead:443")


async def test_an_answer_ends_the_rest() -> None:
    time = Time()
    hosts = Hosts(time, fetch_seconds=2.0)
    for _ in range(FAILURES_BEFORE_REST):
        await fail(hosts, "back:443")
    time.now += 2.1
    async with hosts.turn("back:443") as turn:
        with pytest.raises(NoTurnError):  # while one tries, the others wait for what it finds
            await fail(hosts, "back:443")
        turn.alive()
    for _ in range(FAILURES_BEFORE_REST - 1):
        await fail(hosts, "back:443")
    async with hosts.turn("back:443"):
        pass


async def test_failures_at_the_same_time_count_as_one_rest() -> None:
    time = Time()
    hosts = Hosts(time, fetch_seconds=2.0)
    for _ in range(FAILURES_BEFORE_REST - 1):
        await fail(hosts, "dead:443")
    async with AsyncExitStack() as stack:
        for turn in [await stack.enter_async_context(hosts.turn("dead:443")) for _ in range(4)]:
            turn.dead()
    time.now += 2.1
    async with hosts.turn("dead:443"):
        pass


async def test_unknown_hosts_cannot_take_the_turns_of_known_ones() -> None:
    hosts = Hosts(Time(), fetch_seconds=2.0)
    hosts.vouch("known:443")
    released = asyncio.Event()

    async def occupy(name: str) -> None:
        async with hosts.turn(name):
            await released.wait()

    tasks = [
        asyncio.create_task(occupy(f"stranger-{n}:443")) for n in range(STRANGERS_AT_ONCE + MOST_WAITING)
    ]
    await asyncio.sleep(0)
    with pytest.raises(NoTurnError, match="too many"):
        await occupy("one-more:443")
    async with hosts.turn("known:443"):
        pass
    released.set()
    await asyncio.gather(*tasks)
    async with hosts.turn("one-more:443"):
        pass
