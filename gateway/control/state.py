"""What the control process holds: the record, the facts that follow it, the reloads, the node's state."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog

from gateway import __version__, telemetry
from gateway.certificates.chain import parse_chain
from gateway.control.api.call_documents import probation_document
from gateway.control.evidence.evidence_task import Evidence
from gateway.control.evidence.traffic import Traffic
from gateway.control.facts import FactsFollower
from gateway.control.figures.figures import Figures
from gateway.control.figures.streams import Streams
from gateway.control.jobs import Jobs
from gateway.control.journal.call_lines import CallLines
from gateway.control.journal.call_spans import CallSpans
from gateway.control.journal.learning import Learning
from gateway.control.leadership import Leadership
from gateway.control.registry.sending import CodeSender
from gateway.control.registry.steps import review_due
from gateway.control.registry.use import forget_use
from gateway.control.reloading.candidate import Candidate
from gateway.control.reloading.changes import Changes
from gateway.control.reloading.preview import ReloadGuard
from gateway.control.reloading.probation import OnProbation
from gateway.control.reloading.reload import Reloader
from gateway.control.reloading.reloaded import ROLLED_BACK
from gateway.control.repository import Published
from gateway.control.tracing.traces import Traces
from gateway.control.trust.trust_task import FreshTrust
from gateway.facts.projection import ProjectionError
from gateway.facts.reader import FactsReader
from gateway.facts.values import FactsUnavailable, TokenFact
from gateway.generation.countries import FILE_RULES
from gateway.journal import Entry
from gateway.node_settings import Plane
from gateway.numbers.canonical import DiallingRules
from gateway.record import Record, RecordError
from gateway.record.lease import LeaseLostError
from gateway.record.nodes import NodeState

FOLLOW_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5
"""How often a record that other nodes write too is asked whether they did."""
REVIEW_SECONDS: Final = 30.0
STALE_SECONDS: Final = 30
"""Six rounds missed: the facts no longer follow."""

_log = structlog.get_logger("callmark.control")


class ControlState:
    """One per control process."""

    def __init__(
        self,
        *,
        record: Record,
        plane: Plane,
        leadership: Leadership,
        follower: FactsFollower,
        facts: FactsReader,
        reloader: Reloader,
        published: Published,
        evidence: Evidence,
        traffic: Traffic,
        codes: CodeSender,
        trust: FreshTrust,
        guard: ReloadGuard,
        figures: Figures,
        changes: Changes,
        data_directory: Path,
        journal_directory: Path,
        chains_directory: Path,
        candidate: Candidate,
        spans: CallSpans | None,
    ) -> None:
        self.record = record
        self.plane = plane
        self.leadership = leadership
        self.changes = changes
        self.published = published
        self.evidence = evidence
        self.traffic = traffic
        self.codes = codes
        self.trust = trust
        self.latest = guard.latest
        self.guard = guard
        self.probation = OnProbation(reloader=reloader, changes=changes, latest=guard.latest)
        self.candidate = candidate
        self.figures = figures
        self.streams = Streams()
        self.jobs = Jobs()
        self._lines = CallLines()
        self._spans = spans
        self.traces = Traces()
        self.data_directory = data_directory
        self.journal_directory = journal_directory
        self.chains_directory = chains_directory
        self.reloader = reloader
        self._follower = follower
        self._facts = facts
        self._facts_problem = False
        self.learning = Learning(record, facts, traffic, policy=reloader.policy, follow=self.follow)

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
            self._facts_problem = True
            _log.error("facts do not follow", problem=str(error))
        else:
            self._facts_problem = False

    async def rebuild_facts(self) -> None:
        """Project everything again. Raises RecordError, ProjectionError."""
        await self._follower.rebuild(now=int(time.time()))

    async def keep_following(self) -> None:
        """For ever: what other nodes write, what days change, and what could not be followed at once."""
        rounds = round(FOLLOW_SECONDS / LOOK_SECONDS) if self.record.is_shared else 1
        while True:
            for _ in range(rounds):
                await asyncio.sleep(FOLLOW_SECONDS / rounds)
                if rounds > 1 and await self._is_behind():
                    await self.follow()
            await self.follow()
            await self.reloader.gather_strays()

    async def _is_behind(self) -> bool:
        try:
            return await self._follower.is_behind()
        except RecordError:
            return True  # `follow` tells of it

    async def see_calls(self, entries: Sequence[Entry]) -> None:
        """Take a portion of the journal where no record is needed; never failing for one that is away."""
        self._lines.take(entries)
        if self._spans is not None:
            self._spans.take(entries)
        self.latest.take(entries)
        self.figures.take(entries)
        await self.probation.take(entries)
        await self.candidate.take(entries)

    async def keep_reviewing(self) -> None:
        """For ever: end what has ended, and warn of what will. Rights end by themselves; this tells of it."""
        while True:
            await asyncio.sleep(REVIEW_SECONDS)
            generation, record = self.reloader.generation, self.leadership.record()
            if generation is None or record is None:
                continue
            policy = generation.policy.registry
            with contextlib.suppress(LeaseLostError):
                while await review_due(record, policy=policy, now=int(time.time())):
                    await self.follow()
                await forget_use(record, now=int(time.time()))

    def node_state(self) -> NodeState:
        """Return what other nodes are told of this one."""
        current = self.reloader.current
        return NodeState(
            id=self.changes.history.node(),
            name=socket.gethostname(),
            plane=self.plane.value,
            version=__version__,
            generation=None if current is None else current.number,
            digest=None if current is None else current.digest,
            problems=self.not_whole(now=int(time.time())),
            leads=self.leadership.leads,
        )

    def generation_document(self) -> dict[str, object]:
        """Return what is in force and how each worker stands."""
        current, last = self.reloader.current, self.reloader.last
        return {
            "generation": None if current is None else current.number,
            "digest": None if current is None else current.digest,
            "workers": list(self.reloader.workers),
            "policy_rolled_back": self.reloader.is_rolled_back,
            "probation": probation_document(self.probation.term, self.probation.found),
            "last_reload": None
            if last is None
            else {"taken": last.taken, "problems": [str(problem) for problem in last.problems]},
        }

    def measure(self) -> None:
        """Set the gauges that are true of one moment only: to be called when somebody asks for them."""
        if self.plane is not Plane.CONTROL:  # which has none, and none is missing
            workers = self.reloader.workers
            ready = sum(worker.get("state") == "ready" for worker in workers)
            telemetry.WORKERS.labels("ready").set(ready)
            telemetry.WORKERS.labels("not_ready").set(len(workers) - ready)
        current, generation = self.reloader.current, self.reloader.generation
        telemetry.GENERATION.set(0 if current is None else current.number)
        signing = None if generation is None else generation.signing
        end = 0.0 if signing is None else chain_end(signing.chain_pem)
        telemetry.SIGNING_CERTIFICATE_END_SECONDS.set(end)

    def any_worker_ready(self) -> bool:
        """Whether calls are answered at all, where they are meant to be."""
        return self.plane is Plane.CONTROL or any(
            worker.get("state") == "ready" for worker in self.reloader.workers
        )

    def not_whole(self, *, now: int) -> list[str]:
        """Return what is missing, in sentences fit for whoever may ask; empty when nothing is."""
        reasons = []
        workers = self.reloader.workers
        ready = sum(worker.get("state") == "ready" for worker in workers)
        if not ready and self.plane is not Plane.CONTROL:
            reasons.append("no worker is ready")
        elif ready < len(workers):
            reasons.append(f"{len(workers) - ready} of {len(workers)} workers are not ready")
        if self.reloader.strays():
            reasons.append("not every worker answers by the generation in force")
        if self._are_facts_stale(now):
            reasons.append("the facts do not follow the record; the log says why")
        if self.evidence.problem:
            reasons.append(f"Redis {self.evidence.problem}")
        reasons += self.trust.problems(now=now)
        last = self.reloader.last
        if last is not None and not last.taken:
            reasons.append("the configuration on the disk was refused; the last good one is in force")
        if self.reloader.is_rolled_back:
            reasons.append(ROLLED_BACK)
        return reasons

    def _are_facts_stale(self, now: int) -> bool:
        followed_at = self._follower.followed_at
        return (
            self._facts_problem
            or followed_at is None
            or now - followed_at > STALE_SECONDS
            or isinstance(self._facts.state(now=now), FactsUnavailable)
        )


@lru_cache(maxsize=2)
def chain_end(pem: bytes) -> float:
    """When the first of these certificates ends, epoch seconds."""
    return min(each.not_valid_after_utc.timestamp() for each in parse_chain(pem))
