"""What is done for a call behind its answer: it is accounted for, and one that asked for a verstat is judged.

What an answer is not made of waits a moment, for nobody waits for it. Then each step is gone for all calls
answered by then before the next step is: for the second call its code and data are still in the processor's
caches, which between two requests they are not.
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

import msgspec
import structlog

from gateway.calls.account import Account
from gateway.calls.known import known_of, question_of, remember_call_for_help
from gateway.calls.plane import Current, Plane
from gateway.calls.road import AskedCall, Judged
from gateway.journal import Record
from gateway.knowledge.question import Evidence
from gateway.verdicts.case import Case
from gateway.verdicts.decide import decide_each
from gateway.verification.conclude import Verification

_log: Final = structlog.get_logger("callmark.calls")

TOGETHER_SECONDS: Final = 0.005
"""The more calls go together, the less each costs; but what all of them take, a request may have to wait."""

S = TypeVar("S")
T = TypeVar("T")


class AnsweredCall(msgspec.Struct, frozen=True, gc=False):
    """One call, and what its answer was made of."""

    current: Current
    asked: AskedCall
    verification: Verification
    started: float
    """Epoch seconds."""
    elapsed: float
    """Seconds, until there was an answer."""
    traceparent: str | None


class Behind:
    """One worker's; to be made inside its running loop."""

    def __init__(self, plane: Plane, account: Account) -> None:
        self._plane = plane
        self._account = account
        self._loop = asyncio.get_running_loop()
        self._answered: list[AnsweredCall] = []
        self._told: list[tuple[AnsweredCall, Evidence]] = []
        self._accounts: list[Callable[[], Record]] = []
        self._is_due = False

    def judge(self, answered: AnsweredCall) -> None:
        """Judge a call soon, and account for it."""
        self._answered.append(answered)
        self._begin_soon()

    def account(self, for_call: Callable[[], Record]) -> None:
        """Account soon for a call of which everything is known, by calling this for its record."""
        self._accounts.append(for_call)
        self._begin_soon()

    async def close(self) -> None:
        """Do what is left; to be called when no more calls come."""
        self._begin()
        await self._plane.knowledge.close()
        self._judge_all()

    def _begin_soon(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_later(TOGETHER_SECONDS, self._begin)

    def _begin(self) -> None:
        self._is_due = False
        answered, self._answered = self._answered, []
        accounts, self._accounts = self._accounts, []
        _of_each(answered, self._ask)
        self._keep(_of_each(accounts, operator.call))

    def _hear(self, answered: AnsweredCall, evidence: Evidence) -> None:
        if not self._told:
            self._loop.call_soon(self._judge_all)
        self._told.append((answered, evidence))

    def _judge_all(self) -> None:
        told, self._told = self._told, []
        self._keep(_of_each(_decide_each(_of_each(told, self._know)), self._account_for))

    def _ask(self, answered: AnsweredCall) -> None:
        asked, current = answered.asked, answered.current
        call, trunk = asked.call, asked.trunk
        remember_call_for_help(self._plane, current, shown=call.shown, called=call.called, trunk=trunk)
        question = question_of(current, call, answered.verification.outcome)
        self._plane.knowledge.ask_behind(question, partial(self._hear, answered))

    def _know(self, told: tuple[AnsweredCall, Evidence]) -> tuple[AnsweredCall, Case]:
        answered, evidence = told
        call, current, now = answered.asked.call, answered.current, int(answered.started)
        outcome, priority = answered.verification.outcome, answered.verification.priority
        known = known_of(self._plane, current, call, outcome, evidence, now=now)
        return answered, Case(call, outcome, known, current.generation.policy.verdict, now, priority)

    def _account_for(self, judged: tuple[AnsweredCall, Judged]) -> Record:
        answered, of_call = judged
        return self._account.judged(
            resource="verification",
            current=answered.current,
            asked=answered.asked,
            judged=of_call,
            started=answered.started,
            elapsed=answered.elapsed,
            traceparent=answered.traceparent,
        )

    def _keep(self, records: list[Record]) -> None:
        journal = self._plane.journal
        try:
            journal.append(records)
        except Exception:  # noqa: BLE001 - as with rules: one of them takes none of the others'
            _of_each(records, lambda record: journal.append([record]))


def _decide_each(known: list[tuple[AnsweredCall, Case]]) -> list[tuple[AnsweredCall, Judged]]:
    try:
        verdicts = decide_each([case for _, case in known])
    except Exception:  # noqa: BLE001 - which call it was shows when each is judged by itself
        return _of_each(known, _decide)
    pairs = zip(known, verdicts, strict=True)
    return [(call, Judged(verdict, call.verification, case.known)) for (call, case), verdict in pairs]


def _decide(known: tuple[AnsweredCall, Case]) -> tuple[AnsweredCall, Judged]:
    answered, case = known
    (verdict,) = decide_each([case])
    return answered, Judged(verdict, answered.verification, case.known)


def _of_each(calls: Iterable[S], step: Callable[[S], T]) -> list[T]:
    """Go a step for each call; a fault of ours with one must not take the others'."""
    done = []
    for call in calls:
        try:
            done.append(step(call))
        except Exception:  # noqa: BLE001 - its answer is given: what is left to do is to say so
            _log.exception("a step behind a call's answer failed")
    return done
