"""Changes of the configuration for whoever asks: each into the audit, the taken ones into the history."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from gateway import telemetry
from gateway.control.commands import CommandError, Trouble
from gateway.control.reloading.history import History
from gateway.control.reloading.reload import Reloader
from gateway.control.reloading.reloaded import Reloaded
from gateway.control.trust.trust_task import FreshTrust
from gateway.generation.texts import Texts
from gateway.record import Record, RecordError
from gateway.record.audit import append_audit
from gateway.record.generations import Cause

GATEWAY: Final = "callmark"
"""The actor where nobody asked."""
_PROBLEMS_IN_AUDIT: Final = 20

_log = structlog.get_logger("callmark.control")


TellNode = Callable[[dict[str, object]], Awaitable[None]]


class Changes:
    """One per control process."""

    def __init__(self, *, record: Record, reloader: Reloader, trust: FreshTrust, directory: Path) -> None:
        """`directory` is the node's data directory."""
        self._record = record
        self._reloader = reloader
        self._trust = trust
        self.history = History(record, directory)
        self.tell_node: TellNode | None = None
        """Told when a reload or a roll-back begins and ends, for the service manager; None: nobody asks."""
        reloader.obtained_taken = self._note_lists

    async def begin(self) -> None:
        """Note the generation of the start, and look for every list it is kept fresh by."""
        last, current = self._reloader.last, self._reloader.current
        if last is not None and current is not None:
            await self._note(last, actor=GATEWAY, cause=Cause.START)
        self._look_for_lists()

    async def reload(
        self,
        *,
        actor: str,
        cause: Cause = Cause.RELOAD,
        accept_shrink: bool = False,
        override: bool = False,
    ) -> Reloaded:
        """Reload; taken or not, it is in the audit, unless nothing had changed."""
        result = await self._told(self._reloader.reload(accept_shrink=accept_shrink, override=override))
        if result.taken:
            self._look_for_lists()
        if not result.unchanged:
            action = "configuration.reload" if result.taken else "configuration.refuse"
            await self._audit(result, actor, action, {"override": override})
        if result.taken:
            await self._note(result, actor=actor, cause=cause)
        return result

    async def roll_back(self, number: int, *, actor: str, why: str = "") -> Reloaded:
        """Put the policy part of this generation in force with the trust part of now.

        Raises CommandError where there is none, it is in force, or its policy part is no longer kept;
        RecordError.
        """
        row = await self.history.find(number)
        if row is None:
            raise CommandError(f"there is no generation {number}", trouble=Trouble.MISSING)
        generation = self._reloader.generation
        if generation is not None and generation.policy_digest == row.policy:
            problem = f"the policy of generation {number} is the one in force"
            raise CommandError(problem, trouble=Trouble.CONFLICT)
        policy = self._reloader.policies.read(row.policy)
        if policy is None:
            problem = f"the policy of generation {number} is no longer kept: only the last twenty are"
            raise CommandError(problem, trouble=Trouble.GONE)
        return await self.take_back(policy, cause=Cause.ROLL_BACK, actor=actor, why=why, number=number)

    async def take_back(self, policy: Texts, *, cause: Cause, actor: str, why: str, number: int) -> Reloaded:
        """Put an earlier policy part in force, that of generation `number`."""
        result = await self._told(self._reloader.roll_back(policy))
        action = "configuration.roll-back" if result.taken else "configuration.refuse"
        await self._audit(result, actor, action, {"to": number, "why": why, "cause": cause.value})
        if result.taken:
            telemetry.POLICY_ROLL_BACKS.labels(cause.value).inc()
            await self._note(result, actor=actor, cause=cause, why=why)
        return result

    async def _told(self, change: Awaitable[Reloaded]) -> Reloaded:
        if self.tell_node is None:
            return await change
        await self.tell_node({"type": "reloading"})
        taken, number = False, 0
        try:
            result = await change
            taken, number = result.taken, result.number
        finally:
            # However it ended: a service manager that was told of a beginning waits for the end.
            await self.tell_node({"type": "reloaded", "taken": taken, "generation": number})
        return result

    def _look_for_lists(self) -> None:
        if self._reloader.generation is not None:
            self._trust.configure(self._reloader.configured, self._reloader.generation)

    async def _note_lists(self, result: Reloaded) -> None:
        await self._note(result, actor=GATEWAY, cause=Cause.LISTS)

    async def _note(self, result: Reloaded, *, actor: str, cause: Cause, why: str = "") -> None:
        generation = self._reloader.generation
        if generation is not None and generation.digest == result.digest:
            at, policy = int(time.time()), generation.policy_digest
            await self.history.note(result, policy=policy, at=at, actor=actor, cause=cause, why=why)

    async def _audit(self, result: Reloaded, actor: str, action: str, more: dict[str, object]) -> None:
        try:
            async with self._record.write() as transaction:
                await append_audit(
                    transaction,
                    at=int(time.time()),
                    actor=actor,
                    action=action,
                    subject=f"generation:{result.number}",
                    detail={
                        "digest": result.digest,
                        "problems": [str(problem) for problem in result.problems][:_PROBLEMS_IN_AUDIT],
                        **more,
                    },
                )
        except RecordError as error:
            # Done is done: a reload that the workers confirmed is not undone for its row.
            _log.error("reload without its audit row", actor=actor, problem=str(error))
