"""The kinds of proof, and what each proves: none is taken for more than it is.

    code         its owner answers calls to the number now; a diverted or borrowed line does so too
    call         its owner can call with the number on this carrier's own line now; the same
    certificate  whoever was assigned the numbers delegated them (RFC 9060); not that the line is theirs today
    letter       an operator read an authorisation and believed it; worth the operator's care

`code` and `call` together are control in both directions; only `certificate` and `letter` are about right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class ProofKind(StrEnum):
    """How a number is proven."""

    CODE = "code"
    CALL = "call"
    CERTIFICATE = "certificate"
    LETTER = "letter"


class Strength(IntEnum):
    """How much several proofs are worth together, for who yields to whom."""

    NONE = 0
    ONE_WAY = 1
    """A code, or a call."""
    CONTROL = 2
    """A code and a call."""
    RIGHT = 3
    """A certificate or a letter."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that was given. In force from `since` until before `until` (epoch seconds)."""

    kind: ProofKind
    since: int
    until: int

    def is_in_force(self, now: int) -> bool:
        """Whether it counts at this time; both ends are looked at, as clocks go back too."""
        return self.since <= now < self.until


def strength(kinds: Iterable[ProofKind]) -> Strength:
    """What these kinds are worth together."""
    given = frozenset(kinds)
    if given & {ProofKind.CERTIFICATE, ProofKind.LETTER}:
        return Strength.RIGHT
    if given >= {ProofKind.CODE, ProofKind.CALL}:
        return Strength.CONTROL
    return Strength.ONE_WAY if given else Strength.NONE
