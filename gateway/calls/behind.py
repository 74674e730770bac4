"""Calls that are answered by what their signatures say, judged behind their answers.

What the answer of a STI-VS is not made of waits for the end of the turn of the loop in which it was given.
Then each step is gone for all of these calls before the next step is: for the second call its code and data
are still in the processor's caches, which between two requests they are not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import structlog

from gateway.calls.account import Account
from gateway.calls.known import question_of, remember_call_for_help
from gateway.calls.plane import Current, Plane
from gateway.calls.road import AskedCall, Judged, decide_call
from gateway.knowledge.question import Evidence
from gateway.verification.conclude import Verification

_log: Final = structlog.get_logger("callmark.calls")

S = TypeVar("S")
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class AnsweredCall:
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

    def add(self, answered: AnsweredCall) -> None:
        """Judge a call soon, and account for it."""
        if not self._answered:
            self._loop.call_soon(self._ask_of_all)
        self._answered.append(answered)

    async def close(self) -> None:
        """Judge all that were answered; to be called when no more calls come."""
        self._ask_of_all()
        await self._plane.knowledge.close()
        self._judge_all()

    def _ask_of_all(self) -> None:
        answered, self._answered = self._answered, []
        _of_each(answered, self._ask)

    def _judge_all(self) -> None:
        told, self._told = self._told, []
        _of_each(_of_each(told, self._judged), self._account_for)

    def _ask(self, answered: AnsweredCall) -> None:
        call, current = answered.asked.call, answered.current
        trunk = answered.asked.trunk
        remember_call_for_help(self._plane, current, shown=call.shown, called=call.called, trunk=trunk)
        question = question_of(current, call, answered.verification.outcome)
        self._plane.knowledge.ask_behind(question, partial(self._hear, answered))

    def _hear(self, answered: AnsweredCall, evidence: Evidence) -> None:
        if not self._told:
            self._loop.call_soon(self._judge_all)
        self._told.append((answered, evidence))

    def _judged(self, told: tuple[AnsweredCall, Evidence]) -> tuple[AnsweredCall, Judged]:
        answered, evidence = told
        now = int(answered.started)
        call, current = answered.asked.call, answered.current
        return answered, decide_call(self._plane, current, call, answered.verification, evidence, now=now)

    def _account_for(self, judged: tuple[AnsweredCall, Judged]) -> None:
        answered, of_call = judged
        self._account.judged(
            resource="verification",
            current=answered.current,
            asked=answered.asked,
            judged=of_call,
            started=answered.started,
            elapsed=answered.elapsed,
            traceparent=answered.traceparent,
        )


def _of_each(calls: Iterable[S], step: Callable[[S], T]) -> list[T]:
    """Go a step for each call; a fault of ours with one must not take the others'."""
    done = []
    for call in calls:
        try:
            done.append(step(call))
        except Exception:  # noqa: BLE001 - its answer is given: what is left to do is to say so
            _log.exception("a call could not be judged behind its answer")
    return done
