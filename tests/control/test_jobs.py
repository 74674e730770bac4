from __future__ import annotations

import asyncio

import pytest

from gateway.control.commands import CommandError
from gateway.control.jobs import MOST_KEPT, MOST_WAITING, Job, Jobs, JobState


@pytest.fixture
async def jobs():
    made = Jobs()
    yield made
    await made.close()


async def over(job: Job) -> JobState:
    async with asyncio.timeout(60):
        while job.state in {JobState.WAITING, JobState.RUNNING}:  # noqa: ASYNC110 - a job tells nobody
            await asyncio.sleep(0)
    return job.state


async def nothing(job: Job) -> None:
    job.advance(1, 1)


def endless(began: asyncio.Event):
    async def work(job: Job) -> None:
        began.set()
        while True:
            await asyncio.sleep(0)
            job.advance(job.done + 1, 0)

    return work


async def test_one_job_at_a_time_in_the_order_they_came(jobs):
    gate, order = asyncio.Event(), []

    async def first(job: Job) -> None:
        await gate.wait()
        order.append(1)

    async def second(job: Job) -> None:
        order.append(2)

    one, two = jobs.begin("a", first, actor="t"), jobs.begin("a", second, actor="t")
    await asyncio.sleep(0.01)
    assert (one.state, two.state) == (JobState.RUNNING, JobState.WAITING)
    gate.set()
    assert [await over(one), await over(two), order] == [JobState.DONE, JobState.DONE, [1, 2]]


async def test_a_job_that_is_asked_to_ends_between_two_portions(jobs):
    began = asyncio.Event()
    job = jobs.begin("a", endless(began), actor="t")
    waiting = jobs.begin("a", nothing, actor="t")
    await began.wait()
    jobs.stop(waiting)
    jobs.stop(job)
    assert await over(job) is JobState.STOPPED
    assert (await over(waiting), waiting.done) == (JobState.STOPPED, 0)


async def test_a_job_that_fails_says_why_and_never_how(jobs):
    async def refused(job: Job) -> None:
        raise CommandError("the file is empty")

    async def broken(job: Job) -> None:
        raise KeyError("secret")

    said, unsaid = jobs.begin("a", refused, actor="t"), jobs.begin("a", broken, actor="t")
    assert (await over(said), said.problem) == (JobState.FAILED, "the file is empty")
    assert (await over(unsaid), "secret" in unsaid.problem) == (JobState.FAILED, False)


async def test_too_many_waiting_are_refused_and_old_ones_forgotten(jobs):
    began = asyncio.Event()
    first = jobs.begin("a", endless(began), actor="t")
    waiting = [jobs.begin("a", nothing, actor="t") for _ in range(MOST_WAITING - 1)]
    with pytest.raises(CommandError, match="are waiting already"):
        jobs.begin("a", nothing, actor="t")
    jobs.stop(first)
    await over(waiting[-1])
    await asyncio.sleep(0.01)
    for _ in range(MOST_KEPT + 1):
        await over(jobs.begin("a", nothing, actor="t"))
    with pytest.raises(CommandError):
        jobs.find("a", first.id)


async def test_a_job_is_found_by_its_kind_and_id(jobs):
    job = jobs.begin("import", nothing, actor="t")
    assert jobs.find("import", job.id) is job
    with pytest.raises(CommandError):
        jobs.find("cache", job.id)


async def test_closing_ends_what_runs_and_what_would_not_end():
    jobs, began = Jobs(), asyncio.Event()
    job = jobs.begin("a", endless(began), actor="t")
    await began.wait()
    await jobs.close()
    assert job.state is JobState.STOPPED
