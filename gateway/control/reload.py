"""A reload: read, build whole, announce, taken by every worker or by none.

The order: read and judge the files, the signing key with them; see what they would do to the recent calls
(`preview`); write the bundle; let `current` name it;
announce; wait for each worker's word. Where one refuses, or says nothing, the generation before is
announced again, so that no two workers go on answering by different rules; one that wakes late finds both
announcements and ends with the older. The trust part goes back with it here, as nobody has used it alone
yet. A worker that is only starting, or is just being replaced, reads `current` by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import structlog

from gateway.channel import Channel
from gateway.control.files import Configuration, read_configuration
from gateway.control.reloaded import Reloaded, needs_restart, next_generation, refused, tell, timed, trouble
from gateway.control.signing_key import signing_problem
from gateway.control.trust_lists import trust_list_problems
from gateway.generation.generation import Generation, PolicyPart, build
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings
from gateway.generation.shrinking import shrunk_lists
from gateway.generation.texts import Texts
from gateway.generations import BundleStore, CurrentGeneration, GenerationLoadError

CONFIRM_SECONDS: Final = 15.0
"""Longer than the supervisor gives the workers: this is for a supervisor that does not answer."""
BACK_SECONDS: Final = 1.0
"""Those that took it go back in milliseconds; one that hangs has held this up once already."""

_log = structlog.get_logger("callmark.reload")


class Reloader:
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
        guard: Callable[[Generation, Generation], Awaitable[Problem | None]],
    ) -> None:
        """`obtained` gives fetched lists as a generation wants them; `took` hears what workers have taken.

        `guard` says why a generation is not to follow the one in force without an explicit word.
        """
        self._directory = directory
        self._environment = environment
        self._settings = settings
        self._channel = channel
        self._publish = publish
        self._obtained = obtained
        self._took = took
        self._texts: Texts | None = None
        self._guard = guard
        self._store = BundleStore(Path(settings.data.directory))
        self._turn = asyncio.Lock()
        self._confirmations: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.workers: Sequence[Mapping[str, Any]] = ()
        """Each seat as the supervisor last described it."""
        self.generation: Generation | None = None
        """The one in force, once `begin` has run."""
        self.configured = settings
        """The settings as the last reload that was taken read them."""
        self.last: Reloaded | None = None

    def begin(self) -> None:
        """Make the first generation, or find that the last good one must do; before any worker runs.

        Raises GenerationLoadError when there is neither.
        """
        before = self._store.read_current()
        read = self._read()
        if not isinstance(read, list) and before is not None:
            read = self._unless_shrunk(read, self._loaded(before)) or read
        if isinstance(read, list):
            if before is None:
                raise GenerationLoadError("; ".join(str(problem) for problem in read))
            self._texts = self._store.read(before.digest)
            generation = self.generation = self._store.load(before.digest)
            self._note(refused(before, {}, read))
        else:
            candidate = next_generation(read.settings, before, self._store.write(read.texts))
            if candidate != before:
                self._store.make_current(candidate)
            generation = read.generation
            self._taken(read)
            self._note(Reloaded(taken=True, number=candidate.number, digest=candidate.digest))
        self._publish(generation)

    def policy(self) -> PolicyPart | None:
        """Return the policy in force, once `begin` has run."""
        return None if self.generation is None else self.generation.policy

    @property
    def current(self) -> CurrentGeneration | None:
        """What restarted workers would begin with."""
        return self._store.read_current()

    def confirmed(self, message: Mapping[str, Any]) -> None:
        """Take the supervisor's word on an announcement."""
        self._confirmations.put_nowait(message)

    def strays(self) -> list[Mapping[str, Any]]:
        """The workers that answer by another generation than the one in force."""
        current = self.current
        digest = None if current is None else current.digest
        return [each for each in self.workers if each.get("state") == "ready" and each.get("hash") != digest]

    async def gather_strays(self) -> None:
        """Announce what is in force to workers that never heard of it.

        So it is after a control process was killed between naming a generation and announcing it.
        """
        async with self._turn:
            current = self.current
            if current is not None and self.strays():
                workers = await self._announce(current, CONFIRM_SECONDS)
                _log.warning("announced again", generation=current.number, workers=workers)

    async def candidate(self) -> Configuration | list[Problem]:
        """Give what a reload would read now, or every problem of it; nothing changes."""
        return await asyncio.to_thread(self._read)

    async def reload(self, *, accept_shrink: bool = False, override: bool = False) -> Reloaded:
        """Carry out one reload; a second one asked for meanwhile waits and then reads for itself.

        A list that lost half of its entries is refused, unless `accept_shrink` says that this is meant; so is
        what would block too many of the recent calls, unless `override` does.
        """
        async with self._turn:
            try:
                result = await self._reload(accept_shrink=accept_shrink, override=override)
            except (GenerationLoadError, OSError) as error:
                place = str(Path(self._settings.data.directory) / "generations")
                problem = Problem(place, None, "", f"cannot be used: {error}")
                number, digest = (0, "") if self.last is None else (self.last.number, self.last.digest)
                result = Reloaded(taken=False, number=number, digest=digest, problems=[problem])
            self._note(result)
            return result

    async def _reload(self, *, accept_shrink: bool, override: bool) -> Reloaded:
        before = await asyncio.to_thread(self._store.read_current)
        times: dict[str, float] = {}
        with timed(times, "read"):
            read = await asyncio.to_thread(self._read)
        if not isinstance(read, list) and not accept_shrink:
            read = self._unless_shrunk(read, self.generation) or read
        if isinstance(read, list):
            return refused(before, times, read)
        if self.generation is not None and not override:
            with timed(times, "preview"):
                problem = await self._guard(self.generation, read.generation)
            if problem is not None:
                return refused(before, times, [problem])
        with timed(times, "write"):
            digest = await asyncio.to_thread(self._store.write, read.texts)
        candidate = next_generation(read.settings, before, digest)
        restart = needs_restart(self._settings, read.settings)
        if candidate == before and not self.strays():
            self._taken(read)
            return Reloaded(
                taken=True,
                number=candidate.number,
                digest=digest,
                milliseconds=times,
                workers=self.workers,
                needs_restart=restart,
                unchanged=True,
            )
        # Fetchable before the first call is signed with it, by however little.
        self._publish(read.generation)
        workers, troubles = await self._put_in_force(candidate, before, times)
        if troubles and before is not None:
            return refused(before, times, [trouble(each, self._directory) for each in troubles], workers)
        self._taken(read)
        return Reloaded(
            taken=True,
            number=candidate.number,
            digest=digest,
            milliseconds=times,
            workers=workers,
            needs_restart=restart,
        )

    async def take_obtained(self) -> bool:
        """Put the lists that were fetched in force; whether every worker took them.

        The operator's files stay as they are in force, whatever has been written to the disk since.
        """
        async with self._turn:
            times: dict[str, float] = {}
            try:
                taken = await self._take_obtained(times)
            except (GenerationLoadError, OSError) as error:
                _log.error("fetched lists cannot be put in force", problem=str(error))
                return False
        return taken

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
        candidate = CurrentGeneration(before.number + (digest != before.digest), digest, before.key_file)
        workers, troubles = await self._put_in_force(candidate, before, times)
        if not troubles:
            self._texts, self.generation = texts, generation
            self._took(generation)
        words = "fetched lists are not taken" if troubles else "fetched lists are in force"
        _log.log(
            30 if troubles else 20,
            words,
            generation=before.number if troubles else candidate.number,
            digest=digest[:12],
            trust=generation.trust_digest[:12],
            milliseconds=times,
            workers=workers if troubles else len(workers),
        )
        return not troubles

    async def _put_in_force(
        self, candidate: CurrentGeneration, before: CurrentGeneration | None, times: dict[str, float]
    ) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
        """Announce it; all workers as they stand, and those that did not take it: then all go back."""
        with timed(times, "workers"):
            await asyncio.to_thread(self._store.make_current, candidate)
            workers = await self._announce(candidate, CONFIRM_SECONDS)
        troubles = [each for each in workers if each.get("state") in {"refused", "silent"}]
        if troubles and before is not None:
            with timed(times, "back"):
                await asyncio.to_thread(self._store.make_current, before)
                await self._announce(before, BACK_SECONDS)
        return workers, troubles

    def _taken(self, read: Configuration) -> None:
        self._texts, self.generation, self.configured = read.texts, read.generation, read.settings

    def _read(self) -> Configuration | list[Problem]:
        read = read_configuration(self._directory, self._environment, obtained=self._obtained())
        if isinstance(read, list):
            return read
        problem = signing_problem(read)
        return [*([problem] if problem else []), *trust_list_problems(read.settings)] or read

    def _unless_shrunk(self, read: Configuration, before: Generation | None) -> list[Problem]:
        if before is None:
            return []
        shrunk = shrunk_lists(before.policy, read.generation.policy)
        return [replace(problem, file=str(self._directory / problem.file)) for problem in shrunk]

    def _loaded(self, current: CurrentGeneration) -> Generation | None:
        """The generation to compare with; None where an older release wrote it otherwise."""
        try:
            return self._store.load(current.digest)
        except GenerationLoadError:
            return None

    async def _announce(
        self, generation: CurrentGeneration, within_seconds: float
    ) -> Sequence[Mapping[str, Any]]:
        while not self._confirmations.empty():
            self._confirmations.get_nowait()
        await self._channel.send({"type": "announce", "number": generation.number, "hash": generation.digest})
        try:
            async with asyncio.timeout(within_seconds):
                while True:
                    message = await self._confirmations.get()
                    if (message.get("number"), message.get("hash")) == (generation.number, generation.digest):
                        return list(message.get("workers", ()))
        except TimeoutError:
            return ({"slot": None, "pid": None, "state": "silent", "why": "the supervisor did not answer"},)

    def _note(self, result: Reloaded) -> None:
        self.last = result
        tell(result)
