"""What a worker holds while it answers calls; the one object the road is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.calls.admission import Admission
from gateway.calls.signer import Signer
from gateway.certificates.chain import Refusal, ValidatedChain
from gateway.certificates.trust import Trust
from gateway.facts.values import DecisionFact, FactsUnavailable, StandingRegistration, TokenFact
from gateway.fetch.shadow import Shadow
from gateway.generation.generation import Generation
from gateway.journal import CallEvents, Record
from gateway.knowledge.question import Evidence, Question
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import Finding
from gateway.verdicts.call import Roaming
from gateway.verification.examine import VerificationPolicy


class Chains(Protocol):
    """Certificate chains by x5u (`fetch/`)."""

    def peek(self, x5u: str, now: int, trust: Trust) -> ValidatedChain | None:
        """The chain, if it can be had without waiting."""

    async def get(
        self, x5u: str, *, deadline: float, now: int, trust: Trust
    ) -> ValidatedChain | Refusal | Finding:
        """The chain, or why there is none; never later than `deadline` (loop time)."""

    def signature_passed(self, x5u: str) -> None:
        """A call's signature fitted this chain."""

    def look_again(self, x5u: str, trust: Trust) -> None:
        """A call's signature did not fit this chain."""


class Facts(Protocol):
    """What the call plane trusts without asking anyone (`facts/`). `now` in epoch seconds."""

    def token(self, token_hash: str, *, now: int) -> TokenFact | FactsUnavailable | None:
        """The token of this hash (hex), if it opens something."""

    def decisions(self, tn: str, *, now: int) -> tuple[DecisionFact, ...] | FactsUnavailable:
        """Operators' decisions in force on this number, the narrowest range first."""

    def registrations(self, tn: str, *, now: int) -> tuple[StandingRegistration, ...] | FactsUnavailable:
        """Owners' registrations in force on this number, the narrowest range first."""

    def age_seconds(self, *, now: int) -> int:
        """How long ago they were last known to be what the record says."""

    def weight_of_provider(self, provider: str, *, now: int) -> float:
        """What a provider's attestation is worth by its scorecard: 1 unless that is bad."""


class Knowledge(Protocol):
    """Evidence (`knowledge/`)."""

    async def ask(self, question: Question, *, deadline: float) -> Evidence:
        """What is known; by `deadline` (loop time), with `degraded` saying what did not answer."""

    def ask_behind(self, question: Question, hear: Callable[[Evidence], None]) -> None:
        """Ask for a call that is answered without it; `hear` is called once and must not raise."""

    async def close(self) -> None:
        """Answer everyone; to be called when no more calls come."""

    def remember_callers_for_help(self, tns: Iterable[TelephoneNumber]) -> None:
        """Note that these numbers called for help just now; waits for nothing."""


class RoamingService(Protocol):
    """Whether mobiles of ours are abroad (`fetch/roaming.py`)."""

    async def ask(self, tns: Sequence[TelephoneNumber], *, deadline: float) -> Roaming:
        """What is known by `deadline` (loop time); never raises."""


class Journal(Protocol):
    """Where the records of calls go (`journal.py`)."""

    def append(self, entries: Sequence[Record]) -> None:
        """Keep them, or drop and count them; never waits."""

    def keep(self, entry: CallEvents) -> bool:
        """Write it now; whether it is written."""


@dataclass(frozen=True, slots=True)
class Current:
    """Everything that changes with a generation: swapped as one reference, taken once by each call."""

    number: int
    generation: Generation
    admission: Admission
    signer: Signer | None
    verification: VerificationPolicy


@dataclass(slots=True)
class Plane:
    """One worker's."""

    current: Current
    chains: Chains
    facts: Facts
    knowledge: Knowledge
    roaming: RoamingService | None
    """None where no service is named: a call's own word on it is all there is."""
    shadow: Shadow | None
    """None where no trial is on."""
    journal: Journal
    clock: Callable[[], float]
    """Epoch seconds."""
    deadline_ms: int
    """For a request that names no `max_ms`."""
