"""The verdict on a call's claim to precedence, apart from the one on its number (RFC 8443, RFC 9027).

`verstat` words of 3GPP TS 24.229 (Priority-Verstat) and ATIS-1000078.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Never

from gateway.passport.priority import RphClaims
from gateway.reasons import Finding, Verstat
from gateway.verification.outcome import Outcome


class PriorityVerstat(StrEnum):
    """The three results for Resource-Priority."""

    PASSED = "RPH-Validation-Passed"
    FAILED = "RPH-Validation-Failed"
    NONE = "No-RPH-Validation"

    def __bool__(self) -> Never:
        """Three values have no truth value: compare with the one that is meant."""
        raise TypeError("a verstat has three values; compare it with the one you mean")


@dataclass(frozen=True, slots=True)
class Priority:
    """What the call's `rph` PASSporTs prove; `auth` and `sph` are there only when one passed."""

    verstat: PriorityVerstat
    finding: Finding
    auth: tuple[str, ...] = ()
    """The r-values the call may carry in Resource-Priority, in lower case; safe to copy into SIP."""
    sph: str | None = None
    """`psap-callback` for a proven call back from an emergency control room."""


_BY_TN: dict[Verstat, PriorityVerstat] = {
    Verstat.TN_VALIDATION_FAILED: PriorityVerstat.FAILED,
    Verstat.NO_TN_VALIDATION: PriorityVerstat.NONE,
}


def judge_priority(outcomes: list[Outcome]) -> Priority | None:
    """The verdict from all `rph` headers: of the first that passed, else of the first; None without any."""
    for outcome in outcomes:
        if outcome.passport is not None and isinstance(outcome.passport.claims, RphClaims):
            claims = outcome.passport.claims
            return Priority(PriorityVerstat.PASSED, outcome.finding, claims.auth, claims.sph)
    if not outcomes:
        return None
    first = outcomes[0]
    return Priority(_BY_TN[first.verstat], first.finding)
