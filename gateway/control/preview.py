"""What another policy would have changed: the recent calls judged again under both, and compared.

The comparison is between two policies over the same calls, never between two shares over time: an attack that
begins after a reload changes the second, not the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.control.judging_again import judge_again
from gateway.control.latest_calls import LatestCalls
from gateway.generation.generation import Generation
from gateway.generation.policy_file import POLICY_FILE
from gateway.generation.problem import Problem
from gateway.journal import Record
from gateway.verdicts.policy import VerdictPolicy
from gateway.verdicts.verdict import Action, Verdict

EXAMPLES: Final = 5
"""Calls shown of each kind of change."""
FEWEST_CALLS: Final = 100
_NO_REASON: Final = "none"


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
    since: float | None
    """Epoch seconds of the oldest call; None without any."""
    changes: tuple[Change, ...]
    """The most frequent first."""

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
        """Their share; 0.0 where there were no calls."""
        return 100 * self.newly_blocked / self.calls if self.calls else 0.0


def over_limit(found: Preview, limit_percent: float) -> Problem | None:
    """Say why a policy is not taken without somebody's explicit word, or None.

    Fewer than FEWEST_CALLS say nothing about a share. `limit_percent` is that of the policy in force: a new
    one does not lift its own limit.
    """
    if found.calls < FEWEST_CALLS or found.newly_blocked_percent <= limit_percent:
        return None
    worst = next(change for change in found.changes if change.newly_blocks)
    return Problem(
        POLICY_FILE,
        None,
        "reload.most_newly_blocked_percent",
        f"{found.newly_blocked} of the last {found.calls} calls ({found.newly_blocked_percent:.1f} %) are "
        f"let through now and would be blocked, most of them by {worst.after_reason}; the limit is "
        f"{limit_percent:g} %",
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
        return await asyncio.to_thread(preview, records, old.policy.verdict, new.policy.verdict)


def preview(records: Sequence[Record], old: VerdictPolicy, new: VerdictPolicy) -> Preview:
    """Judge every recorded call under both policies; about 0.1 ms a call."""
    found: dict[tuple[Action, str, Action, str], list[Record]] = {}
    calls, since = 0, None
    for record in records:
        before, after = judge_again(record, old), judge_again(record, new)
        if before is None or after is None:
            continue
        calls += 1
        since = record.time if since is None else min(since, record.time)
        then, now = _decided(before), _decided(after)
        if then != now:
            found.setdefault((*then, *now), []).append(record)
    changes = [
        Change(
            before=before_action,
            before_reason=before_reason,
            after=after_action,
            after_reason=after_reason,
            calls=len(fitting),
            examples=tuple(fitting[-EXAMPLES:]),
        )
        for (before_action, before_reason, after_action, after_reason), fitting in found.items()
    ]
    changes.sort(key=lambda change: change.calls, reverse=True)
    return Preview(calls=calls, since=since, changes=tuple(changes))


def _decided(verdict: Verdict) -> tuple[Action, str]:
    return verdict.action, next((hit.reason.code for hit in verdict.hits if hit.speaks), _NO_REASON)
