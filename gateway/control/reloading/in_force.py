"""What this node answers by, and the one way to put something else in its place: on all workers or none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from gateway.channel import Channel
from gateway.control.reloading.announcing import Announcer, Workers
from gateway.control.reloading.policy_parts import PolicyParts
from gateway.generation.differences import Difference, differences
from gateway.generation.generation import Generation, PolicyPart
from gateway.generation.texts import Texts
from gateway.generations import BundleStore, CurrentGeneration, GenerationLoadError

_log = structlog.get_logger("callmark.reload")


@dataclass(frozen=True, slots=True)
class Put:
    """What became of putting a generation in force."""

    workers: Workers
    """As they stand."""
    troubles: Workers
    """Those that did not take it: then what was in force before is again."""
    differences: Sequence[Difference] = ()


class InForce:
    """One per control process; whoever changes it takes turns."""

    def __init__(self, data_directory: Path, channel: Channel) -> None:
        self._store = BundleStore(data_directory)
        self._texts: Texts | None = None
        self._turn = asyncio.Lock()
        self.announcer = Announcer(channel, self._store)
        self.policies = PolicyParts(data_directory)
        self.generation: Generation | None = None
        """None before the first."""

    @property
    def current(self) -> CurrentGeneration | None:
        """What restarted workers would begin with; from memory, as nobody else writes it."""
        return self._store.current

    def policy(self) -> PolicyPart | None:
        """Return the policy in force; None before the first."""
        return None if self.generation is None else self.generation.policy

    def policy_with(self, files: Mapping[str, bytes]) -> Texts:
        """The policy part in force with these files in place of its own."""
        part = Texts(files={}, domains=()) if self._texts is None else self._texts.policy_part()
        return replace(part, files={**part.files, **files})

    @property
    def is_rolled_back(self) -> bool:
        """Whether the policy in force is not that of the files, and they are to wait until they change."""
        current = self.current
        return current is not None and bool(current.set_aside)

    @property
    def workers(self) -> Workers:
        """Each seat as the supervisor last described it."""
        return self.announcer.workers

    def strays(self) -> Workers:
        """The workers that answer by another generation than the one in force."""
        return self.announcer.strays(self.current)

    async def gather_strays(self) -> None:
        """Announce what is in force to workers that never heard of it."""
        async with self._turn:
            await self.announcer.gather_strays(self.current)

    async def _put(
        self,
        texts: Texts,
        generation: Generation,
        *,
        candidate: CurrentGeneration,
        before: CurrentGeneration | None,
        times: dict[str, float],
    ) -> Put:
        workers, troubles = await self.announcer.put_in_force(candidate, before, times)
        if troubles and before is not None:
            return Put(workers, troubles)
        kept = self._texts
        self._texts, self.generation = texts, generation
        await asyncio.to_thread(self._keep_policy, texts)
        changed = () if kept is None else await asyncio.to_thread(differences, kept, texts)
        return Put(workers, (), changed)

    def _keep_policy(self, texts: Texts) -> None:
        try:
            self.policies.keep(texts)
        except OSError as error:
            # Done is done: what the workers confirmed is not undone because nobody can go back to it.
            _log.error("a policy in force is not kept", problem=str(error))

    def _kept(self, current: CurrentGeneration | None) -> Texts | None:
        """The texts of this generation; None where there is none, or it can no longer be read."""
        try:
            return None if current is None else self._store.read(current.digest)
        except GenerationLoadError:
            return None
