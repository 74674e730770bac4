"""The facts as workers see them, and the one way of not having them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from gateway.registry.registration import Brand


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


class Declaration(msgspec.Struct, frozen=True, gc=False):
    """What an owner has proven that it may say of numbers: the same of nearly all it has."""

    owner: str
    never_calls_out: bool
    trunks: frozenset[str]
    """Trunks of this network that its own calls come by."""
    providers: frozenset[str]
    """Service provider codes of others that its own calls come through."""
    brand: Brand | None


@dataclass(frozen=True, slots=True)
class RegistrationFact:
    """What is declared of `count` numbers from `start` on."""

    id: int
    start: str
    count: int
    declared: Declaration
    expires_at: int
    """Epoch seconds from which the proofs no longer hold, whether anybody has looked since or not."""


class StandingRegistration(msgspec.Struct, frozen=True, gc=False):
    """A registration in force on the number that was asked about."""

    id: int
    declared: Declaration


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
    """How far the facts have followed the record: the last change of it that they contain."""

    sequence: int
    mark: str
    """Which change of that number, should the record have been restored from a backup since."""
