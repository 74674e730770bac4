"""Keeping the facts file in step with the record.

The first time, and whenever the outbox no longer reaches back far enough, everything is projected
again. After that, only what changed; also after a restart, where the file was closed in order
(`gateway/facts/seal.py`) and the record still has the very change that the file had followed last
(`gateway/record/outbox.py`): one restored from a backup has another under the same number, or none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.facts.layout import ASKED_AGAIN_SECONDS
from gateway.facts.projection import FactChanges, FactsWriter, Projection
from gateway.facts.values import DecisionFact, Declaration, FactsState, RegistrationFact, TokenFact
from gateway.record.decisions import Decision, standing_decisions
from gateway.record.engine import Record
from gateway.record.outbox import Change, ChangeKind, Position, changes_since, read_position
from gateway.record.registrations import Standing, standing_registrations
from gateway.record.scorecards import doubted_providers
from gateway.record.tokens import Token, usable_tokens
from gateway.registry.registration import Use

_IDS_AT_ONCE: Final = 500

SCORECARD_DAYS: Final = 30
"""Over which a provider's calls are looked back on."""

P = ParamSpec("P")
T = TypeVar("T")


class FactsFollower:
    """Projects an open record; one per process, which holds the record's writer lock."""

    def __init__(self, record: Record, projection: Projection) -> None:
        self._record = record
        self._projection = projection
        self._turn = asyncio.Lock()
        self._position: Position | None = None
        kept = projection.kept()
        if kept is not None and (position := Position(kept.sequence, kept.mark)).is_marked:
            self._position = position
        # None: not known, whatever the file says.
        self._doubted: Mapping[str, float] | None = None
        self.followed_at: int | None = None
        """When the facts were last known to be what the record says, in epoch seconds; None: never yet."""

    async def follow(self, *, now: int) -> None:
        """Bring the facts up to the record; nothing is written where they are.

        To be called after each command, and every few seconds for what changes without one. Raises
        RecordError and ProjectionError; the facts are then as they were.
        """
        async with self._turn, self._record.read() as transaction:
            position = self._position
            changes = None if position is None else await changes_since(transaction, position)
            if position is None or changes is None:
                await self._rebuild(transaction, now)
                return
            doubted = await _doubted(transaction, now)
            if changes or doubted != self._doubted:
                position = changes[-1].position if changes else position
                facts = await _read_changes(transaction, changes, now)
                facts = replace(facts, doubted_providers=doubted)
                await _in_thread(self._projection.apply, facts, _state(position))
                self._position, self._doubted = position, doubted
            self._projection.confirm(now=now)
            self.followed_at = now
        if changes:
            # Whoever is then told that a change is made can rely on it with the next call.
            await asyncio.sleep(ASKED_AGAIN_SECONDS)

    async def is_behind(self) -> bool:
        """Whether the record has changes that the facts have not, another node's among them.

        One row read, so that it can be asked twice a second. Raises RecordError.
        """
        async with self._record.read() as transaction:
            return await read_position(transaction) != self._position

    async def rebuild(self, *, now: int) -> None:
        """Project everything again (`callmark facts rebuild`). Raises as `follow` does."""
        async with self._turn, self._record.read() as transaction:
            await self._rebuild(transaction, now)

    async def _rebuild(self, transaction: AsyncConnection, now: int) -> None:
        position = await read_position(transaction)
        doubted = await _doubted(transaction, now)
        async with _threaded(self._projection.rebuilding(_state(position))) as writer:
            async for tokens in usable_tokens(transaction, now=now):
                await _in_thread(writer.add_tokens, [_token_fact(token) for token in tokens])
            async for decisions in standing_decisions(transaction, now=now):
                await _in_thread(writer.add_decisions, [_decision_fact(each) for each in decisions])
            async for standing in standing_registrations(transaction, now=now):
                await _in_thread(writer.add_registrations, [_registration_fact(each) for each in standing])
            await _in_thread(writer.set_doubted_providers, doubted)
        self._projection.confirm(now=now)
        self._position, self._doubted, self.followed_at = position, doubted, now


def _state(position: Position) -> FactsState:
    return FactsState(position.sequence, position.mark)


async def _doubted(transaction: AsyncConnection, now: int) -> dict[str, float]:
    since = datetime.fromtimestamp(now, UTC).date() - timedelta(days=SCORECARD_DAYS)
    return await doubted_providers(transaction, since=since.isoformat())


async def _read_changes(transaction: AsyncConnection, changes: tuple[Change, ...], now: int) -> FactChanges:
    token_ids = sorted({each.subject_id for each in changes if each.kind is ChangeKind.TOKEN})
    decision_ids = sorted({each.subject_id for each in changes if each.kind is ChangeKind.DECISION})
    tokens, decisions = [], []
    if token_ids:
        async for some in usable_tokens(transaction, now=now, only_ids=token_ids):
            tokens += [_token_fact(token) for token in some]
    if decision_ids:
        async for found in standing_decisions(transaction, now=now, only_ids=decision_ids):
            decisions += [_decision_fact(each) for each in found]
    registration_ids = sorted({each.subject_id for each in changes if each.kind is ChangeKind.REGISTRATION})
    registrations = []
    # A letter may be for thousands at once: more ids than a statement takes.
    for first in range(0, len(registration_ids), _IDS_AT_ONCE):
        ids = registration_ids[first : first + _IDS_AT_ONCE]
        async for standing in standing_registrations(transaction, now=now, only_ids=ids):
            registrations += [_registration_fact(each) for each in standing]
    return FactChanges(
        token_ids=token_ids,
        tokens=tokens,
        decision_ids=decision_ids,
        decisions=decisions,
        registration_ids=registration_ids,
        registrations=registrations,
    )


def _token_fact(token: Token) -> TokenFact:
    return TokenFact(
        id=token.id,
        hash=token.hash,
        name=token.name,
        scopes=frozenset(token.scopes),
        trunk=token.trunk,
        expires_at=token.expires_at,
        owner_id=token.owner_id,
    )


def _decision_fact(decision: Decision) -> DecisionFact:
    return DecisionFact(
        id=decision.id,
        start=decision.start,
        count=decision.count,
        action=decision.action,
        trunk_kind=decision.trunk_kind,
        reason=decision.reason,
        expires_at=decision.expires_at,
    )


def _registration_fact(standing: Standing) -> RegistrationFact:
    each = standing.registration
    if each.until is None:
        raise AssertionError("a registration in force has an end")
    return RegistrationFact(
        id=each.id,
        start=each.numbers.start,
        count=each.numbers.count,
        declared=Declaration(
            owner=standing.owner_name,
            never_calls_out=each.use is Use.NEVER_CALLS_OUT,
            trunks=each.trunks,
            providers=each.providers,
            brand=each.brand,
        ),
        expires_at=each.until,
    )


@asynccontextmanager
async def _threaded(transaction: AbstractContextManager[FactsWriter]) -> AsyncIterator[FactsWriter]:
    """Run the long end of a transaction (commit, checkpoint, roll-back) in a thread."""
    writer = transaction.__enter__()
    try:
        yield writer
    except BaseException as error:
        await _in_thread(transaction.__exit__, type(error), error, error.__traceback__)
        raise
    await _in_thread(transaction.__exit__, None, None, None)


async def _in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking step to its end, even when cancelled: nothing else may touch the file meanwhile."""
    step = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await asyncio.wait({step})
        raise
