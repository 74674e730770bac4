"""One call with everything that is known of it: what each rule is asked about."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.reputation.path import path_of_call
from gateway.reputation.scorecard import DOUBTED
from gateway.verdicts.call import Call, Known
from gateway.verdicts.policy import VerdictPolicy
from gateway.verification.outcome import Outcome
from gateway.verification.priority import Priority

SECONDS_A_DAY: Final = 86_400


class Case(msgspec.Struct, frozen=True, gc=False):
    """Everything a rule may look at."""

    call: Call
    outcome: Outcome
    known: Known
    policy: VerdictPolicy
    now: int
    """The gateway's clock, epoch seconds. Not `call.time`: a switch that sends milliseconds, or a caller who
    chooses the Date, would age all complaints away and expire every entry."""
    priority: Priority | None

    @property
    def path(self) -> str:
        """By which the call came (`gateway.reputation.path`)."""
        return path_of_call(self.call.trunk_kind, self.outcome.verstat)

    @property
    def is_attested(self) -> bool:
        """Whether the number is vouched for: signed with A, by a provider whose word counts."""
        return self.outcome.attest == "A" and self.known.attestation_weight >= DOUBTED

    @property
    def today(self) -> int:
        """The gateway's day, counted from 1970-01-01."""
        return self.now // SECONDS_A_DAY
