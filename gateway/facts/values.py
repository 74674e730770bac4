"""The facts as workers see them, and the one way of not having them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactsUnavailable:
    """The facts cannot be read now. Never the same as "there is no such fact"."""

    problem: str


@dataclass(frozen=True, slots=True)
class TokenFact:
    """A token that opens something. `expires_at` in epoch seconds, None for never."""

    id: int
    hash: str
    name: str
    scopes: frozenset[str]
    trunk: str | None
    expires_at: int | None
    owner_id: int | None = None
    """Whose numbers it opens, with the scope `owner`."""


@dataclass(frozen=True, slots=True)
class RegistrationFact:
    """What the owner of `count` numbers from `start` on has proven that it may say of them."""

    id: int
    start: str
    count: int
    owner: str
    never_calls_out: bool
    trunks: frozenset[str]
    providers: frozenset[str]
    brand: str | None
    logo_url: str | None
    logo_digest: str | None
    call_reason: str | None
    expires_at: int
    """Epoch seconds from which the proofs no longer hold, whether anybody has looked since or not."""


@dataclass(frozen=True, slots=True)
class DecisionFact:
    """An operator's decision on `count` numbers from `start` on; `trunk_kind` None for every path."""

    id: int
    start: str
    count: int
    action: str
    trunk_kind: str | None
    reason: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class FactsState:
    """How current the facts are: known equal to the record at `updated_at` (epoch seconds)."""

    sequence: int
    """The last change of the record they contain."""
    updated_at: int

    def age_seconds(self, now: int) -> int:
        """How long ago; never negative, whatever a clock was set to."""
        return max(0, now - self.updated_at)
