"""What the control process holds: the record, the facts that follow it, the reloads, the node's state."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from gateway.control.facts import FactsFollower
from gateway.control.reload import Reloaded, Reloader
from gateway.control.repository import Published
from gateway.facts.projection import ProjectionError
from gateway.facts.reader import FactsReader
from gateway.facts.values import FactsUnavailable, TokenFact
from gateway.generation.countries import FILE_RULES
from gateway.numbers.canonical import DiallingRules
from gateway.record import Record, RecordError
from gateway.record.audit import append_audit

FOLLOW_SECONDS: Final = 5.0

_log = structlog.get_logger("callmark.control")


class ControlState:
    """One per control process."""

    def __init__(
        self,
        *,
        record: Record,
        follower: FactsFollower,
        facts: FactsReader,
        reloader: Reloader,
        published: Published,
    ) -> None:
        self.record = record
        self.published = published
        self._follower = follower
        self._facts = facts
        self._reloader = reloader
        self.workers: Sequence[Mapping[str, Any]] = ()
        self.facts_problem = ""

    def token(self, token_hash: str, *, now: int) -> TokenFact | None:
        """Return the token of this hash; None also when the facts cannot be read."""
        fact = self._facts.token(token_hash, now=now)
        return None if isinstance(fact, FactsUnavailable) else fact

    def dialling(self) -> DiallingRules:
        """How operators write numbers."""
        return FILE_RULES

    async def follow(self) -> None:
        """Let the facts follow the record: after each command, and every few seconds."""
        try:
            await self._follower.follow(now=int(time.time()))
        except (RecordError, ProjectionError) as error:
            self.facts_problem = str(error)
            _log.error("facts do not follow", problem=str(error))
        else:
            self.facts_problem = ""

    async def keep_following(self) -> None:
        """For ever: workers see by the facts' age that this process is there."""
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            await self.follow()

    async def reload(self, *, actor: str) -> Reloaded:
        """Reload and put it into the audit, taken or not."""
        result = await self._reloader.reload()
        if not result.unchanged:
            with contextlib.suppress(RecordError):
                async with self.record.write() as transaction:
                    await append_audit(
                        transaction,
                        at=int(time.time()),
                        actor=actor,
                        action="configuration.reload" if result.taken else "configuration.refuse",
                        subject=f"generation {result.number}",
                        detail={
                            "digest": result.digest,
                            "problems": [str(problem) for problem in result.problems][:20],
                        },
                    )
        if result.taken:
            self.publish()
        return result

    def publish(self) -> None:
        """Publish the chain of the generation in force at its x5u."""
        configuration = self._reloader.configuration
        if configuration is not None and configuration.generation.signing is not None:
            signing = configuration.generation.signing
            self.published.add(signing.x5u, signing.chain_pem)

    def generation_document(self) -> dict[str, object]:
        """Return what is in force and how each worker stands."""
        current = self._reloader.current
        last = self._reloader.last
        return {
            "generation": None if current is None else current.number,
            "digest": None if current is None else current.digest,
            "workers": list(self.workers),
            "last_reload": None
            if last is None
            else {"taken": last.taken, "problems": [str(problem) for problem in last.problems]},
        }

    def not_ready(self) -> list[str]:
        """Return why the node is not whole, in sentences; empty when it is."""
        reasons = []
        states = [worker.get("state") for worker in self.workers]
        if not any(state == "ready" for state in states):
            reasons.append("no worker is ready")
        if self.facts_problem:
            reasons.append(f"the facts do not follow the record: {self.facts_problem}")
        last = self._reloader.last
        if last is not None and not last.taken:
            reasons.append("the configuration on the disk was refused; the last good one is in force")
        return reasons
