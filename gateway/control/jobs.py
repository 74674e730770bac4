"""Work that outlasts a request: begun by one, asked after by others, ended early by one that says so.

One job at a time, in the order they came: each reads or writes most of the record. What a job does is its
own business (`evidence.py`); that it is known here until fifty others came after it is this file's.
Nothing survives the process: each kind of work can be begun again and then goes on where it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import structlog

from gateway.control.commands.problems import CommandError, Trouble
from gateway.facts.projection import ProjectionError
from gateway.knowledge.importers.loader import LoadError
from gateway.record import RecordError

MOST_WAITING: Final = 20
MOST_KEPT: Final = 50
STOP_SECONDS: Final = 2.0
"""Less than the supervisor waits for the control process: a job ends between two portions."""

_log = structlog.get_logger("callmark.jobs")


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class JobStopped(Exception):
    """The job was asked to end, and has come to a place where it can."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One piece of work, as its own code and those who ask see it."""

    id: str
    kind: str
    actor: str
    state: JobState = JobState.WAITING
    step: str = ""
    """What it is at, in a word or two."""
    done: int = 0
    total: int = 0
    """In the unit of the step; 0 where it is not known."""
    result: Mapping[str, object] = field(default_factory=dict)
    """What came of it so far; whole when it is done."""
    problem: str = ""
    """Why it failed."""
    stop_asked: bool = False

    def advance(self, done: int, total: int) -> None:
        """Note the progress. Raises JobStopped where somebody asked for the end."""
        self.done, self.total = done, total
        if self.stop_asked:
            raise JobStopped

    def document(self) -> dict[str, object]:
        """The job as the API answers it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state.value,
            "step": self.step,
            "done": self.done,
            "total": self.total,
            "result": dict(self.result),
            "problem": self.problem,
        }


Work = Callable[[Job], Awaitable[None]]


class Jobs:
    """The jobs of one control process."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    def begin(self, kind: str, work: Work, *, actor: str) -> Job:
        """Begin, or queue behind what runs. Raises CommandError when too many wait."""
        if len(self._tasks) >= MOST_WAITING:
            raise CommandError(
                f"{len(self._tasks)} jobs are waiting already: try again when some are done",
                trouble=Trouble.CONFLICT,
            )
        job = Job(id=secrets.token_hex(8), kind=kind, actor=actor)
        self._jobs[job.id] = job
        for old in [each for each in self._jobs if each not in self._tasks and each != job.id][:-MOST_KEPT]:
            del self._jobs[old]
        task = asyncio.create_task(self._run(job, work), name=f"{kind} {job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))
        return job

    def find(self, kind: str, job_id: str) -> Job:
        """The job of that id. Raises CommandError when there is none (any more)."""
        job = self._jobs.get(job_id)
        if job is None or job.kind != kind:
            raise CommandError(
                "there is no such job: it was begun before this control process, or too long ago",
                trouble=Trouble.MISSING,
            )
        return job

    def stop(self, job: Job) -> None:
        """Ask a job to end at the next place where it can."""
        job.stop_asked = True

    async def close(self) -> None:
        """End all of them; what does not end between two portions is cut off."""
        for job in self._jobs.values():
            job.stop_asked = True
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: Job, work: Work) -> None:
        try:
            async with self._turn:
                job.state = JobState.RUNNING
                job.advance(0, 0)
                await work(job)
            job.state = JobState.DONE
        except JobStopped:
            job.state = JobState.STOPPED
        except CommandError as error:
            job.state, job.problem = JobState.FAILED, error.problem
        except (RecordError, ProjectionError, LoadError) as error:
            job.state, job.problem = JobState.FAILED, str(error)
            _log.error("job failed", kind=job.kind, problem=str(error))
        except Exception:  # noqa: BLE001 - nobody awaits a job: what it raises would be lost
            job.state, job.problem = JobState.FAILED, "the gateway failed; its log has the details"
            _log.exception("job failed", kind=job.kind)
