"""What became of a reload: a value for the answer, the log and the audit; and how its problems are worded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from gateway import telemetry
from gateway.generation.problem import Problem
from gateway.generation.settings import RELOADABLE, Settings
from gateway.generations import CurrentGeneration

_log: Final = structlog.get_logger("callmark.reload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What became of a reload."""

    taken: bool
    number: int
    """Of the generation that is in force now."""
    digest: str
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    """By phase: read, preview, write, workers, and back where it was refused by one of them."""
    workers: Sequence[Mapping[str, Any]] = ()
    """Each worker's slot, process id, state and words."""
    problems: Sequence[Problem] = ()
    needs_restart: Sequence[str] = ()
    """Sections of gateway.toml that changed and wait for the next start."""
    unchanged: bool = False


def refused(
    before: CurrentGeneration | None,
    times: Mapping[str, float],
    problems: Sequence[Problem],
    workers: Sequence[Mapping[str, Any]] = (),
) -> Reloaded:
    """A reload that was not taken: what was in force before is in force."""
    number, digest = (0, "") if before is None else (before.number, before.digest)
    return Reloaded(
        taken=False, number=number, digest=digest, milliseconds=times, workers=workers, problems=problems
    )


def trouble(worker: Mapping[str, Any], directory: Path) -> Problem:
    """What a worker had against it, or that it had no word to say."""
    name = "the node" if worker.get("slot") is None else f"worker {worker['slot']} (pid {worker.get('pid')})"
    if worker.get("state") == "refused":
        return Problem(str(directory), None, "", f"{name} refused it: {worker.get('why')}")
    hint = f"if it hangs, `kill {worker['pid']}` has it replaced" if worker.get("pid") else ""
    return Problem(str(directory), None, "", f"{name} did not take it: {worker.get('why')}", hint)


@contextmanager
def timed(times: dict[str, float], phase: str) -> Iterator[None]:
    """Note under `phase` how many milliseconds the block took."""
    began = time.perf_counter()
    yield
    times[phase] = round((time.perf_counter() - began) * 1000, 1)


def needs_restart(running: Settings, read: Settings) -> list[str]:
    """The sections that changed, other than those read with each generation."""
    return [
        f"[{name}]"
        for name in Settings.model_fields
        if name not in RELOADABLE and getattr(running, name) != getattr(read, name)
    ]


def next_generation(settings: Settings, before: CurrentGeneration | None, digest: str) -> CurrentGeneration:
    """What `current` would say: the same as before where nothing is different."""
    key_file = settings.signing.key_file
    if before is None:
        return CurrentGeneration(1, digest, key_file)
    if (before.digest, before.key_file) == (digest, key_file):
        return before
    return CurrentGeneration(before.number + 1, digest, key_file)


def tell(result: Reloaded) -> None:
    """For whoever looks later: metrics and the log."""
    telemetry.CONFIG_RELOAD_SUCCESSFUL.set(1 if result.taken else 0)
    if result.taken:
        telemetry.CONFIG_RELOAD_SUCCESS_SECONDS.set(time.time())
    words = "reloaded" if result.taken else "reload refused; the last good configuration stays"
    _log.log(
        20 if result.taken else 30,
        words,
        generation=result.number,
        digest=result.digest[:12],
        unchanged=result.unchanged,
        milliseconds=result.milliseconds,
        problems=[str(problem) for problem in result.problems],
    )
