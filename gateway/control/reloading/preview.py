"""What another policy would have changed: the recent calls judged again under both, and compared.

The comparison is between two policies over the same calls, never between two shares over time: an attack that
begins after a reload changes the second, not the first.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.control.journal.latest_calls import LatestCalls
from gateway.control.reloading.judging_again import judge_again
from gateway.generation.generation import Generation, PolicyPart
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.problem import Problem
from gateway.generation.trunks_file import TRUNKS_FILE
from gateway.journal import Record
from gateway.verdicts.policy import VerdictPolicy
from gateway.verdicts.verdict import Action, Verdict

EXAMPLES: Final = 5
"""Calls shown of each kind of change."""
FEWEST_CALLS: Final = 100
BUSY_SECONDS: Final = 0.1
"""Of processor time, for one portion of the journal; what is left of it then is not judged."""
_NO_REASON: Final = "none"


class Difference(StrEnum):
    """What a call's verdicts under two policies are to each other."""

    NONE = "same"
    OTHER = "other"
    NEWLY_BLOCKED = "newly_blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Calls whose verdict would be another in the same way."""

    before: Action
    before_reason: str
    """The reason that decided, `none` where no rule spoke."""
    after: Action
    after_reason: str
    calls: int
    examples: tuple[Record, ...]

    @property
    def newly_blocks(self) -> bool:
        """Whether these calls are let through now and would not be."""
        return self.after is Action.BLOCK and self.before is not Action.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would change, over the calls that could be judged under both policies."""

    calls: int
    let_through: int
    """Of them, by the policy before."""
    since: float | None
    """Epoch seconds of the oldest call; None without any."""
    changes: tuple[Change, ...]
    """The most frequent first."""
    lost_trunks: tuple[tuple[str, int], ...] = ()
    """Trunks that are no more, and how many recent calls came by each; the busiest first."""

    @property
    def changed(self) -> int:
        """Calls with another verdict."""
        return sum(change.calls for change in self.changes)

    @property
    def newly_blocked(self) -> int:
        """Calls that are let through now and would be blocked."""
        return sum(change.calls for change in self.changes if change.newly_blocks)

    @property
    def newly_blocked_percent(self) -> float:
        """Their share of the calls that are let through now; 0.0 where there are none.

        Of these alone: a flood that both policies block must not hide what one of them does to the others.
        """
        return 100 * self.newly_blocked / self.let_through if self.let_through else 0.0


def over_limit(found: Preview, limit_percent: float) -> Problem | None:
    """Say why a policy is not taken without somebody's explicit word, or None.

    Fewer than FEWEST_CALLS say nothing about a share. `limit_percent` is that of the policy in force: a new
    one does not lift its own limit. A trunk by which calls came is held to no share: without it each of its
    calls would be refused, or judged as another trunk's.
    """
    if found.lost_trunks:
        names = ", ".join(f"{name} ({calls})" for name, calls in found.lost_trunks)
        return Problem(
            TRUNKS_FILE,
            None,
            "",
            f"lacks trunks by which recent calls came: {names}",
            "if that is meant, `callmark reload --override`",
        )
    if found.let_through < FEWEST_CALLS or found.newly_blocked_percent <= limit_percent:
        return None
    worst = next(change for change in found.changes if change.newly_blocks)
    return Problem(
        POLICY_FILE,
        None,
        "reload.most_newly_blocked_percent",
        f"{found.newly_blocked} of the last {found.let_through} calls that are let through "
        f"({found.newly_blocked_percent:.1f} %) would be blocked, most of them by {worst.after_reason}; the "
        f"limit is {limit_percent:g} %",
        "see which with `callmark config preview`; if it is meant, `callmark reload --override`",
    )


class ReloadGuard:
    """Holds a reload against the recent calls: more newly blocked than the limit needs an explicit word."""

    def __init__(self, latest: LatestCalls) -> None:
        self.latest = latest

    async def __call__(self, old: Generation, new: Generation) -> Preview | None:
        """What `new` would have made of the recent calls; None where both decide alike."""
        return None if old.policy_digest == new.policy_digest else await self.preview(old, new)

    async def preview(self, old: Generation, new: Generation) -> Preview:
        """Judge the recent calls under both, beside everything else this process does."""
        records = self.latest.all()
        found = await asyncio.to_thread(preview, records, old.policy.verdict, new.policy.verdict)
        return replace(found, lost_trunks=lost_trunks(records, old.policy, new.policy))


def lost_trunks(records: Sequence[Record], old: PolicyPart, new: PolicyPart) -> tuple[tuple[str, int], ...]:
    """Trunks of `old` that `new` has not, and how many of these calls came by each; the busiest first."""
    gone = old.by_name.keys() - new.by_name.keys()
    return tuple(Counter(record.trunk for record in records if record.trunk in gone).most_common())


def preview(records: Sequence[Record], old: VerdictPolicy, new: VerdictPolicy) -> Preview:
    """Judge every recorded call under both policies; about 0.1 ms a call."""
    comparison = Comparison(old, new)
    for record in records:
        comparison.take(record)
    return comparison.result()


class Comparison:
    """Two policies over the same calls, one after another; what it keeps does not grow with them."""

    def __init__(self, old: VerdictPolicy, new: VerdictPolicy) -> None:
        self._old, self._new = old, new
        self._calls = self._let_through = 0
        self._since: float | None = None
        self._found: dict[tuple[Action, str, Action, str], tuple[int, deque[Record]]] = {}

    def take(self, record: Record) -> Difference | None:
        """Judge one call under both; None where it cannot be judged."""
        before, after = judge_again(record, self._old), judge_again(record, self._new)
        if before is None or after is None:
            return None
        self._calls += 1
        self._let_through += before.action is not Action.BLOCK
        self._since = record.time if self._since is None else min(self._since, record.time)
        then, now = _decided(before), _decided(after)
        if then == now:
            return Difference.NONE
        count, examples = self._found.get((*then, *now), (0, deque(maxlen=EXAMPLES)))
        examples.append(record)
        self._found[(*then, *now)] = count + 1, examples
        blocks = after.action is Action.BLOCK and before.action is not Action.BLOCK
        return Difference.NEWLY_BLOCKED if blocks else Difference.OTHER

    def take_in_time(self, records: Iterable[Record]) -> Counter[Difference]:
        """Judge these, as far as BUSY_SECONDS go: a busy node's control process has more to do."""
        end, found = time.thread_time() + BUSY_SECONDS, Counter[Difference]()
        for record in records:
            if time.thread_time() > end:
                break
            difference = self.take(record)
            if difference is not None:
                found[difference] += 1
        return found

    def result(self) -> Preview:
        """What was found so far."""
        changes = [
            Change(
                before=before_action,
                before_reason=before_reason,
                after=after_action,
                after_reason=after_reason,
                calls=count,
                examples=tuple(examples),
            )
            for (before_action, before_reason, after_action, after_reason), (
                count,
                examples,
            ) in self._found.items()
        ]
        changes.sort(key=lambda change: change.calls, reverse=True)
        return Preview(
            calls=self._calls, let_through=self._let_through, since=self._since, changes=tuple(changes)
        )


def _decided(verdict: Verdict) -> tuple[Action, str]:
    return verdict.action, _NO_REASON if verdict.deciding is None else verdict.deciding.reason.code
