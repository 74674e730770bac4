"""What the tests of this room ask, and how."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from gateway.knowledge.batch import Knowledge
from gateway.knowledge.question import Evidence, Question, ReplayClaim
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.entry import FeedEvidence, ReputationEntry

TODAY = int(time.time() // 86400)
TN = TelephoneNumber("442079460123")
CLEAN = TelephoneNumber("442079460999")
OTHER_EXCHANGE = TelephoneNumber("441614960001")


def entry(complaints: int = 1, *, last_day: int = TODAY, expires_day: int = TODAY + 90) -> ReputationEntry:
    return ReputationEntry(
        (FeedEvidence("ftc-dnc", complaints, float(complaints), last_day, last_day),), expires_day
    )


def claim(origid: str = "d0a3a5c6", *, orig: TelephoneNumber = TN) -> ReplayClaim:
    return ReplayClaim(orig=orig, dest=("441614960002",), iat=1795378385, origid=origid, freshness_seconds=60)


async def ask(
    knowledge: Knowledge,
    *tns: TelephoneNumber,
    replay: ReplayClaim | None = None,
    call_id: str = "call-1",
    within_seconds: float = 60.0,
) -> Evidence:
    deadline = asyncio.get_running_loop().time() + within_seconds
    return await knowledge.ask(Question(call_id=call_id, tns=tns, replay=replay), deadline)


async def ask_until_whole(knowledge: Knowledge, *tns: TelephoneNumber) -> Evidence:
    """Ask again what Redis had no time for: on busy cores its 20 ms may pass."""
    async with asyncio.timeout(60):
        while True:
            found = await ask(knowledge, *tns)
            if not found.degraded:
                return found
            await asyncio.sleep(0.05)


async def eventually(holds: Callable[[], bool], *, within_seconds: float = 60.0) -> None:
    async with asyncio.timeout(within_seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.01)


async def batches(
    *entries: tuple[TelephoneNumber, ReputationEntry],
) -> AsyncIterator[Sequence[tuple[TelephoneNumber, ReputationEntry | None]]]:
    yield entries
