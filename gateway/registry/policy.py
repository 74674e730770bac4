"""Which proofs verify which kind of number: the slice of the policy that the registry takes.

Values only; `gateway/generation/` reads them from `[registry]` in `policy.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.registry.proofs import ProofKind
from gateway.registry.registration import Use

SECONDS_A_DAY: Final = 86_400

Combination = frozenset[ProofKind]


class NumberClass(StrEnum):
    """The kinds of registration that policy tells apart; the first that fits, from the last on."""

    SINGLE = "single"
    NEVER_CALLS_OUT = "never_calls_out"
    RANGE = "range"
    """More than one number: a code to one of them says nothing of the others."""
    PROTECTED = "protected"
    """Any that touches the protected list: whoever gets these can pretend to be a bank."""


_CONTROL: Final = frozenset({ProofKind.CODE, ProofKind.CALL})
_CERTIFICATE: Final = frozenset({ProofKind.CERTIFICATE})
_LETTER: Final = frozenset({ProofKind.LETTER})

SUFFICIENT: Final[Mapping[NumberClass, tuple[Combination, ...]]] = {
    NumberClass.SINGLE: (_CONTROL, _CERTIFICATE, _LETTER),
    # A number that never calls cannot prove itself by calling; it gains no A by being registered either.
    NumberClass.NEVER_CALLS_OUT: (frozenset({ProofKind.CODE}), _CERTIFICATE, _LETTER),
    NumberClass.RANGE: (_CERTIFICATE, _LETTER),
    NumberClass.PROTECTED: (_LETTER,),
}


@dataclass(frozen=True, slots=True)
class RegistryPolicy:
    """What `[registry]` says."""

    sufficient: Mapping[NumberClass, tuple[Combination, ...]] = field(default_factory=lambda: SUFFICIENT)
    """For each class, the combinations of which one is enough; never empty, nor is any of them."""
    proof_days: Mapping[ProofKind, int] = field(
        default_factory=lambda: {
            ProofKind.CODE: 180,
            ProofKind.CALL: 180,
            ProofKind.CERTIFICATE: 365,
            ProofKind.LETTER: 365,
        }
    )
    """How long each proof counts, before it is asked for again."""
    renewal_days: int = 30
    """How long before the end its owner is asked."""
    protected: tuple[RangeMap[Any], ...] = ()
    """Numbers that nobody gets without two operators' word, by list; `brands.toml` and `dno.csv` are two."""
    call_destinations: tuple[TelephoneNumber, ...] = ()
    """Numbers of this carrier that owners may be asked to call; without one, nobody can prove by calling."""
    trusted_providers: frozenset[str] = frozenset()
    """Service provider codes whose A counts for a call that proves a number."""

    open_sign_up: bool = False
    """Whether owners may sign up by themselves; else operators make them."""

    def classify(self, numbers: NumberRange, use: Use) -> NumberClass:
        """The class of what is registered."""
        if self.is_protected(numbers):
            return NumberClass.PROTECTED
        if numbers.count > 1:
            return NumberClass.RANGE
        if use is Use.NEVER_CALLS_OUT:
            return NumberClass.NEVER_CALLS_OUT
        return NumberClass.SINGLE

    def is_protected(self, numbers: NumberRange) -> bool:
        """Whether any of the numbers is on a protected list."""
        return any(listed.touches(numbers) for listed in self.protected)

    def proof_ends(self, kind: ProofKind, *, since: int) -> int:
        """When a proof of this kind given at `since` ends (epoch seconds)."""
        return since + self.proof_days[kind] * SECONDS_A_DAY
