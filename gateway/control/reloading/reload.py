"""A reload: read, build whole, announce, taken by every worker or by none.

The order: read and judge the files, the signing key with them; see what they would do to the recent calls
(`preview`); write the bundle; have it put in force (`announcing.py`). Where a worker does not take it, the
trust part goes back with the policy part, as nobody has used it alone yet.

A roll-back puts an earlier policy part in force with the trust part of now. Files that still hold the policy
part that was rolled back from are set aside: a reload takes everything but that part, until they change.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from gateway.channel import Channel
from gateway.control.reloading.file_watch import Snapshot
from gateway.control.reloading.files import Configuration
from gateway.control.reloading.in_force import InForce, Put
from gateway.control.reloading.preview import Preview, over_limit
from gateway.control.reloading.reading import ConfigurationReader, still_set_aside, with_policy_of
from gateway.control.reloading.reloaded import (
    Reloaded,
    needs_restart,
    next_generation,
    next_probation,
    refused,
    rolled_back,
    tell,
    tell_lists,
    tell_roll_back,
    timed,
    trouble,
    unusable,
)
from gateway.control.repository import address_problem
from gateway.generation.differences import differences
from gateway.generation.generation import Generation, build, build_policy
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings
from gateway.generation.texts import Texts
from gateway.generations import CurrentGeneration, GenerationLoadError

_log = structlog.get_logger("callmark.reload")


class Reloader(InForce):
    """One per control process; one reload at a time."""

    def __init__(
        self,
        *,
        directory: Path,
        environment: Mapping[str, str],
        settings: Settings,
        channel: Channel,
        publish: Callable[[Generation], None],
        obtained: Callable[[], Mapping[str, bytes]] = dict[str, bytes],
        took: Callable[[Generation], None] = lambda _: None,
        weigh: Callable[[Generation, Generation], Awaitable[Preview | None]],
    ) -> None:
        """`obtained` gives fetched lists as a generation wants them; `took` hears what workers have taken.

        `weigh` says what a generation would have made of the recent calls; None where it cannot differ.
        """
        super().__init__(Path(settings.data.directory), channel)
        self._directory = directory
        self._reader = ConfigurationReader(directory, environment, obtained)
        self._settings = settings
        self._publish = publish
        self._obtained = obtained
        self._took = took
        self._weigh = weigh
        self.configured = settings
        """The settings as the last reload that was taken read them."""
        self.read: Snapshot = {}
        """The files as they were when one was last begun to be read."""
        self.last: Reloaded | None = None
        self.obtained_taken: Callable[[Reloaded], Awaitable[None]] | None = None
        """Hears of each generation that fetched lists were put in force with."""

    def begin(self) -> None:
        """Make the first generation, or find that the last good one must do; before any worker runs.

        Raises GenerationLoadError when there is neither.
        """
        before = self._store.read_current()
        kept = self._kept(before)
        self.read = self.look()
        read = self._reader.read()
        set_aside = still_set_aside(read, None if kept is None else before)
        if set_aside and not isinstance(read, list) and kept is not None:
            read = with_policy_of(kept, read)
        if not isinstance(read, list) and kept is not None:
            policy = build_policy(kept)
            # One that an older release wrote otherwise cannot be compared with.
            read = self._reader.shrunk(read, kept, None if isinstance(policy, list) else policy) or read
        if isinstance(read, list):
            if before is None:
                raise GenerationLoadError("; ".join(str(problem) for problem in read))
            self._texts = self._store.read(before.digest)
            generation = self.generation = self._store.load(before.digest)
            self._note(refused(before, {}, read))
        else:
            digest = self._store.write(read.texts)
            candidate = next_generation(read.settings, before, digest, set_aside=set_aside)
            if before is not None and kept is not None and kept.policy_digest() == read.texts.policy_digest():
                candidate = msgspec.structs.replace(candidate, probation=before.probation)
            if candidate != before:
                self._store.make_current(candidate)
            generation = read.generation
            changed = () if kept is None else differences(kept, read.texts)
            self._taken(read)
            self._keep_policy(read.texts)
            number, held_back = candidate.number, bool(set_aside)
            self._note(
                Reloaded(taken=True, number=number, digest=digest, differences=changed, held_back=held_back)
            )
        self._publish(generation)

    def look(self) -> Snapshot:
        """Every file that a reload would read, as it is now."""
        return self._reader.snapshot()

    async def candidate(self) -> Configuration | list[Problem]:
        """Give what a reload would read now, or every problem of it; nothing changes."""
        return await asyncio.to_thread(self._reader.read)

    async def reload(self, *, accept_shrink: bool = False, override: bool = False) -> Reloaded:
        """Carry out one reload; a second one asked for meanwhile waits and then reads for itself.

        A file that lost more than a tenth of its entries is refused, unless `accept_shrink` says that this is
        meant; so are what would block too many recent calls, and a new key under the address of the old one,
        unless `override` does.
        """
        async with self._turn:
            result = await self._or_problem(self._reload(accept_shrink=accept_shrink, override=override))
            if not result.taken and self.generation is not None:
                self._publish(self.generation)  # what was refused may have been published already
            self._note(result)
            return result

    async def roll_back(self, policy: Texts) -> Reloaded:
        """Put this policy part in force with the trust part of now; whoever asks has judged it."""
        async with self._turn:
            result = await self._or_problem(self._roll_back(policy))
            tell_roll_back(result)
            return result

    async def _or_problem(self, work: Awaitable[Reloaded]) -> Reloaded:
        try:
            return await work
        except (GenerationLoadError, OSError) as error:
            return unusable(self._settings, error, self.last)

    async def _reload(self, *, accept_shrink: bool, override: bool) -> Reloaded:
        before = await asyncio.to_thread(self._store.read_current)
        times: dict[str, float] = {}
        with timed(times, "read"):
            self.read = await asyncio.to_thread(self.look)
            read = await asyncio.to_thread(self._reader.read)
        kept = self._texts
        set_aside = () if override else still_set_aside(read, before)
        if set_aside and not isinstance(read, list) and kept is not None:
            read = await asyncio.to_thread(with_policy_of, kept, read)
        if not isinstance(read, list) and not accept_shrink:
            read = self._reader.shrunk(read, kept, self.policy()) or read
        if isinstance(read, list):
            return refused(before, times, read)
        effect, problem = await self._weighed(read.generation, times, override=override)
        if problem is None and not override and self.generation is not None:
            problem = address_problem(self.generation.signing, read.generation.signing)
        if problem is not None:
            return refused(before, times, [problem])
        with timed(times, "write"):
            digest = await asyncio.to_thread(self._store.write, read.texts)
        candidate = next_generation(read.settings, before, digest, set_aside=set_aside)
        if before is not None:
            probation = None
            if not override:
                probation = next_probation(before, self.policy(), read.generation.policy, now=time.time())
            candidate = msgspec.structs.replace(candidate, probation=probation)
        result = Reloaded(
            taken=True,
            number=candidate.number,
            digest=digest,
            milliseconds=times,
            workers=self.workers,
            needs_restart=needs_restart(self._settings, read.settings),
            held_back=bool(set_aside),
            effect=effect,
        )
        if before is not None and candidate.number == before.number and not self.strays():
            if candidate != before:
                await asyncio.to_thread(self._store.make_current, candidate)
            self._taken(read)
            return replace(result, unchanged=True)
        # Fetchable before the first call is signed with it, by however little.
        self._publish(read.generation)
        put = await self._put(read.texts, read.generation, candidate=candidate, before=before, times=times)
        if put.troubles:
            return self._refused_by(put, before, times)
        self.configured = read.settings
        return replace(result, workers=put.workers, differences=put.differences)

    async def _roll_back(self, policy: Texts) -> Reloaded:
        before = await asyncio.to_thread(self._store.read_current)
        kept, times = self._texts, dict[str, float]()
        if kept is None or before is None:
            raise GenerationLoadError("there is none in force yet")
        texts = kept.with_policy_of(policy)
        with timed(times, "build"):
            generation = await asyncio.to_thread(build, texts)
        if isinstance(generation, list):
            return refused(before, times, generation)
        effect, _ = await self._weighed(generation, times, override=True)
        with timed(times, "write"):
            digest = await asyncio.to_thread(self._store.write, texts)
        candidate = rolled_back(before, digest, kept, texts, files=self._reader.policy_digest)
        put = await self._put(texts, generation, candidate=candidate, before=before, times=times)
        if put.troubles:
            return self._refused_by(put, before, times)
        return Reloaded(
            taken=True,
            number=candidate.number,
            digest=digest,
            milliseconds=times,
            workers=put.workers,
            held_back=bool(candidate.set_aside),
            effect=effect,
            differences=put.differences,
        )

    def _refused_by(self, put: Put, before: CurrentGeneration | None, times: Mapping[str, float]) -> Reloaded:
        problems = [trouble(each, self._directory) for each in put.troubles]
        return refused(before, times, problems, put.workers)

    async def _weighed(
        self, candidate: Generation, times: dict[str, float], *, override: bool
    ) -> tuple[Preview | None, Problem | None]:
        """What it would have made of the recent calls, and why it is not to be taken unasked."""
        if self.generation is None:
            return None, None
        with timed(times, "preview"):
            effect = await self._weigh(self.generation, candidate)
        if effect is None or override:
            return effect, None
        return effect, over_limit(effect, self.generation.policy.reload.most_newly_blocked_percent)

    async def take_obtained(self) -> bool:
        """Put the lists that were fetched in force; whether every worker took them.

        The operator's files stay as they are in force, whatever has been written to the disk since.
        """
        async with self._turn:
            try:
                return await self._take_obtained({})
            except (GenerationLoadError, OSError) as error:
                _log.error("fetched lists cannot be put in force", problem=str(error))
                return False

    async def _take_obtained(self, times: dict[str, float]) -> bool:
        before = await asyncio.to_thread(self._store.read_current)
        if self._texts is None or before is None:
            return False
        texts = self._texts.with_obtained(self._obtained())
        with timed(times, "build"):
            generation = await asyncio.to_thread(build, texts)
        if isinstance(generation, list):
            _log.error("fetched lists do not fit", problems=[str(problem) for problem in generation])
            return False
        with timed(times, "write"):
            digest = await asyncio.to_thread(self._store.write, texts)
        if digest == before.digest and not self.strays():
            return True
        number = before.number + (digest != before.digest)
        candidate = msgspec.structs.replace(before, number=number, digest=digest)
        put = await self._put(texts, generation, candidate=candidate, before=before, times=times)
        if not put.troubles:
            self._took(generation)
            if self.obtained_taken is not None:
                await self.obtained_taken(
                    Reloaded(taken=True, number=number, digest=digest, differences=put.differences)
                )
        number = before.number if put.troubles else number
        tell_lists(generation, number, times, put.workers, taken=not put.troubles)
        return not put.troubles

    def _taken(self, read: Configuration) -> None:
        self._texts, self.generation, self.configured = read.texts, read.generation, read.settings

    def _note(self, result: Reloaded) -> None:
        self.last = result
        tell(result)
