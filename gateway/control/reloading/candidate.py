"""The candidate: a policy that judges live calls beside the one in force, without effect, and is counted.

Judged here, from the journal, a moment after the call: never on its road. It is kept on the disk, so that it
outlives a restart; the counts then begin with the calls the journal still holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from gateway import telemetry
from gateway.control.journal.latest_calls import LatestCalls
from gateway.control.reloading.preview import Comparison, Preview
from gateway.control.reloading.reload import Reloader
from gateway.generation.bundle import BundleError, parse_bundle, render_bundle
from gateway.generation.differences import Difference, differences
from gateway.generation.generation import PolicyPart, build_policy
from gateway.generation.problem import Problem
from gateway.generation.texts import Texts
from gateway.generations import write_whole
from gateway.journal import Entry, Record

_log = structlog.get_logger("callmark.reload")


class Started(msgspec.Struct, frozen=True):
    """Who had it run, since when (epoch seconds)."""

    actor: str
    at: int


class Kept(msgspec.Struct, frozen=True):
    """What is on the disk: one file, so that a policy never stands there with who had another one run."""

    started: Started
    bundle: bytes


class Candidate:
    """One per control process; at most one policy runs."""

    def __init__(self, *, data_directory: Path, reloader: Reloader, latest: LatestCalls) -> None:
        self._path = data_directory / "generations" / "candidate"
        self._reloader = reloader
        self._latest = latest
        self._texts: Texts | None = None
        self._policy: PolicyPart | None = None
        self._comparison: Comparison | None = None
        self._against = ""
        self.started: Started | None = None
        """None while none runs."""
        self.changing = asyncio.Lock()
        """Held while one is started or ended, until the audit has it."""

    def begin(self) -> None:
        """Go on with the one that ran when the process ended, if one did."""
        try:
            kept = msgspec.msgpack.decode(self._path.read_bytes(), type=Kept)
            texts = parse_bundle(kept.bundle)
        except FileNotFoundError:
            return
        except (OSError, BundleError, msgspec.DecodeError) as error:
            _log.error("the candidate cannot be read and does not run on", problem=str(error))
            return
        policy = build_policy(texts)
        if isinstance(policy, list):
            _log.error("the candidate does not fit any more", problems=[str(each) for each in policy])
            return
        self._texts, self._policy, self.started = texts, policy, kept.started

    def start(self, files: Mapping[str, bytes], *, actor: str) -> list[Problem]:
        """Let this policy run, the files it leaves out being those in force; or every problem of it.

        Raises OSError where it cannot be kept.
        """
        texts = self._reloader.policy_with(files)
        policy = build_policy(texts)
        if isinstance(policy, list):
            return policy
        started = Started(actor, int(time.time()))
        write_whole(self._path, msgspec.msgpack.encode(Kept(started, render_bundle(texts))))
        self._texts, self._policy, self._comparison, self.started = texts, policy, None, started
        return []

    def stop(self) -> bool:
        """End it; False where none ran. Raises OSError."""
        ran = self.started is not None
        self._path.unlink(missing_ok=True)
        self._texts = self._policy = self._comparison = self.started = None
        return ran

    @property
    def digest(self) -> str:
        """Of the policy that runs; empty while none does."""
        return "" if self._policy is None else self._policy.digest

    def found(self) -> Preview:
        """What it would have answered otherwise, since it or the policy in force last changed."""
        empty = Preview(calls=0, let_through=0, since=None, changes=())
        return empty if self._comparison is None else self._comparison.result()

    def differences(self) -> Sequence[Difference]:
        """In what it differs from the policy in force."""
        return () if self._texts is None else differences(self._reloader.policy_with({}), self._texts)

    async def take(self, entries: Sequence[Entry]) -> None:
        """Judge the calls of a portion of the journal under both."""
        # Read once: it may be ended in another thread meanwhile.
        policy, candidate, started = self._reloader.policy(), self._policy, self.started
        if candidate is None or policy is None or started is None:
            return
        comparison = self._comparison
        if comparison is None or self._against != policy.digest:
            began, is_new = started.at, not self._against
            comparison = Comparison(policy.verdict, candidate.verdict)
            self._comparison, self._against = comparison, policy.digest
            if is_new:
                entries = [each for each in self._latest.all() if each.time >= began]
        records = [each for each in entries if isinstance(each, Record)]
        found = await asyncio.to_thread(comparison.take_in_time, records)
        for difference, count in found.items():
            telemetry.CANDIDATE_CALLS.labels(difference.value).inc(count)
