"""What a provider's signatures have been worth: its calls, its clock, and how many were complained of.

Only a call whose signature passed says anything of the provider that signed it. A header that names a
provider's certificate and fails is shown beside it and weighs nothing: anybody can send one. The weight is
that of its word: complaints about A-attested calls count against who attested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.reputation.traffic import at_least

TOLERATED_SHARE: Final = 0.01
"""Of calls complained of at which a provider's word is worth half. People complain of about one call in a
thousand that they did not want, and a provider whose every hundredth is complained of has a bad customer."""

DOUBTED: Final = 0.5
"""A weight below which an A proves nothing here: its share of calls complained of is above the tolerated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One provider's (by SPC), over some days."""

    provider: str
    calls: int
    """Calls whose signature passed."""
    attested_a: int
    failures: int
    """Headers that named one of its certificates and failed: on nobody's word."""
    skew_seconds: float
    """Arrival less `iat`, in the mean; a call takes a moment, so a little above 0 is right."""
    worst_skew_seconds: float
    """The one furthest from 0."""
    complaints: int

    @property
    def pass_rate(self) -> float:
        """Of the headers that named its certificates, the share that passed; 1 without any."""
        seen = self.calls + self.failures
        return round(self.calls / seen, 4) if seen else 1.0

    @property
    def complaint_share(self) -> float:
        """Of its calls, the share complained of."""
        return round(self.complaints / self.calls, 5) if self.calls else 0.0

    @property
    def weight(self) -> float:
        """What its attestation is worth, from 1 down to 0; a share counts by its lower bound at 95 %."""
        return weight_of(calls=self.calls, complaints=self.complaints)


def weight_of(*, calls: int, complaints: int) -> float:
    """Return the weight of a provider's word, as `Scorecard.weight`."""
    share = at_least(min(complaints, calls), calls)
    return round(1 / (1 + share / TOLERATED_SHARE), 3)
