"""What became of a reload: a value for the answer, the log and the audit; and how its problems are worded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from gateway import telemetry
from gateway.control.reloading.preview import Preview
from gateway.generation.differences import Difference
from gateway.generation.generation import Generation, PolicyPart
from gateway.generation.problem import Problem
from gateway.generation.settings import RELOADABLE, Settings
from gateway.generation.texts import Texts
from gateway.generations import CurrentGeneration, Probation

ROLLED_BACK: Final = (
    "the policy was rolled back: the policy files on the disk differ from what is in force, and are not "
    "taken until they change"
)

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
    held_back: bool = False
    """The policy part in force is not that of the files, which was rolled back from."""
    effect: Preview | None = None
    """What it would have made of the recent calls; None where the policy part is the same."""
    differences: Sequence[Difference] = ()


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


def unusable(settings: Settings, error: Exception, last: Reloaded | None) -> Reloaded:
    """A reload that was not taken, as what is kept on the disk cannot be used."""
    place = str(Path(settings.data.directory) / "generations")
    problem = Problem(place, None, "", f"cannot be used: {error}")
    number, digest = (0, "") if last is None else (last.number, last.digest)
    return Reloaded(taken=False, number=number, digest=digest, problems=[problem])


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


def next_generation(
    settings: Settings, before: CurrentGeneration | None, digest: str, *, set_aside: tuple[str, ...] = ()
) -> CurrentGeneration:
    """What `current` would say: the same number as before where nothing that calls see is different."""
    key_file = settings.signing.key_file
    if before is None:
        return CurrentGeneration(1, digest, key_file)
    is_same = (before.digest, before.key_file) == (digest, key_file)
    return CurrentGeneration(before.number + (not is_same), digest, key_file, set_aside)


def rolled_back(
    before: CurrentGeneration, digest: str, left: Texts, texts: Texts, *, files: str | None
) -> CurrentGeneration:
    """What `current` would say after a roll-back from `left` to `texts`.

    `files` is the digest of the files' policy part: where that is what comes back, nothing is set aside.
    """
    target = texts.policy_digest()
    aside = set() if target == files else {*before.set_aside, left.policy_digest()} - {target}
    return CurrentGeneration(before.number + 1, digest, before.key_file, tuple(sorted(aside)))


def next_probation(
    before: CurrentGeneration, earlier: PolicyPart | None, later: PolicyPart, *, now: float
) -> Probation | None:
    """What the next policy is held against: the one in force, or the last that has stood its time."""
    standing = before.probation if before.probation and before.probation.until > now else None
    if earlier is None or earlier.digest == later.digest:
        return standing
    if not earlier.reload.probation_seconds or (standing and standing.against == later.digest):
        return None
    until = int(now) + earlier.reload.probation_seconds
    if standing is not None:
        return msgspec.structs.replace(standing, since=before.number + 1, until=until)
    return Probation(before.number + 1, earlier.digest, before.number, until)


def tell(result: Reloaded) -> None:
    """For whoever looks later: metrics and the log."""
    telemetry.CONFIG_RELOAD_SUCCESSFUL.set(1 if result.taken else 0)
    if result.taken:
        telemetry.CONFIG_RELOAD_SUCCESS_SECONDS.set(time.time())
        telemetry.POLICY_ROLLED_BACK.set(1 if result.held_back else 0)
    words = "reloaded" if result.taken else "reload refused; the last good configuration stays"
    _log.log(
        20 if result.taken else 30,
        words,
        generation=result.number,
        digest=result.digest[:12],
        unchanged=result.unchanged,
        held_back=result.held_back,
        milliseconds=result.milliseconds,
        problems=[str(problem) for problem in result.problems],
    )


def tell_roll_back(result: Reloaded) -> None:
    """The same of a roll-back; whether the files were good is not its to say."""
    if result.taken:
        telemetry.POLICY_ROLLED_BACK.set(1 if result.held_back else 0)
    words = "policy rolled back" if result.taken else "roll-back refused; the policy in force stays"
    _log.warning(
        words,
        generation=result.number,
        digest=result.digest[:12],
        milliseconds=result.milliseconds,
        problems=[str(problem) for problem in result.problems],
    )


def tell_lists(
    lists: Generation,
    number: int,
    times: Mapping[str, float],
    workers: Sequence[Mapping[str, Any]],
    *,
    taken: bool,
) -> None:
    """The same of fetched lists, taken with `lists` or not; generation `number` is in force now."""
    _log.log(
        20 if taken else 30,
        "fetched lists are in force" if taken else "fetched lists are not taken",
        generation=number,
        trust=lists.trust_digest[:12],
        milliseconds=times,
        workers=len(workers) if taken else workers,
    )
