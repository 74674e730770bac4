"""Proofs, rivals and the time, to the next step of a registration.

An unproven claim is nobody's rival and moves nobody. A claim that is proven and meets a registration in
force becomes disputed, and the other stays as it is unless the new proofs are at least as strong: then both
are frozen, and an operator decides. A challenge to a part of a range never freezes the whole. On the
protected list only an operator freezes: a forged letter must not be enough to take a bank's numbers out of
service.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gateway.registry.policy import SECONDS_A_DAY, Combination, NumberClass, RegistryPolicy
from gateway.registry.proofs import Proof, Strength, strength
from gateway.registry.registration import Registration
from gateway.registry.states import State, Step


@dataclass(frozen=True, slots=True)
class Rival:
    """Another owner's registration of some of the same numbers."""

    registration: Registration
    is_protected: bool
    worth: Strength
    """Of its proofs that are in force now: what they were worth once keeps nobody out."""

    def stands_in_the_way(self, now: int) -> bool:
        """Whether it keeps others out. An open dispute does too, or a third party would win it."""
        return self.registration.is_in_force(now) or self.registration.state is State.DISPUTED

    def yields_to(self, challenger: Registration, worth: Strength, now: int) -> bool:
        """Whether a proven challenge of this worth freezes it."""
        mine, theirs = self.registration.numbers, challenger.numbers
        return (
            self.registration.is_in_force(now)
            and not self.is_protected
            and worth >= self.worth
            and theirs.start <= mine.start
            and mine.last <= theirs.last
        )


@dataclass(frozen=True, slots=True)
class Review:
    """What is to be done now; `step` None: nothing changes."""

    step: Step | None
    why: str = ""
    """A sentence for the owner."""
    until: int | None = None
    """With `Step.PROVE`: when the proofs it rests on end."""
    freezes: tuple[int, ...] = ()
    """With `Step.CONTEST`: the registrations, by id, that are frozen with it."""
    withstand: tuple[int, ...] = ()
    """With `Step.CONTEST`: those that stand in its way and stay as they are."""


def review(
    registration: Registration,
    *,
    number_class: NumberClass,
    proofs: Collection[Proof],
    is_proving: bool,
    rivals: Sequence[Rival],
    policy: RegistryPolicy,
    now: int,
) -> Review:
    """Decide the next step of a live registration; call again until there is none.

    `proofs` are those given for it, ended ones too; `is_proving` tells whether one is under way; `rivals` are
    other owners' registrations of any of its numbers, in whatever state.
    """
    given = [proof for proof in proofs if proof.is_in_force(now)]
    until = _sufficient_until(given, policy.sufficient[number_class])
    match registration.state:
        case State.WITHDRAWN | State.DISPUTED:
            return Review(None)
        case State.CLAIMED:
            if given or is_proving:
                return Review(Step.BEGIN, "a proof was begun")
        case State.PROVING:
            if until is not None:
                return _proven(
                    registration,
                    given,
                    until=until,
                    rivals=rivals,
                    is_protected=number_class is NumberClass.PROTECTED,
                    now=now,
                )
            if not given and not is_proving:
                return Review(Step.FORGET, "no proof is under way or in force")
        case _:
            return _in_force(registration, until, policy, now)
    return Review(None)


def _sufficient_until(given: Collection[Proof], combinations: Sequence[Combination]) -> int | None:
    """Until when the best of the combinations holds; None while none is whole."""
    best = None
    for combination in combinations:
        # Of several proofs of a kind the one that lasts longest counts.
        ends = [max((p.until for p in given if p.kind is kind), default=None) for kind in combination]
        known = [end for end in ends if end is not None]
        if known and len(known) == len(ends):
            best = min(known) if best is None else max(best, min(known))
    return best


def _proven(
    registration: Registration,
    given: Collection[Proof],
    *,
    until: int,
    rivals: Sequence[Rival],
    is_protected: bool,
    now: int,
) -> Review:
    worth = strength(proof.kind for proof in given)
    standing = [
        rival
        for rival in rivals
        if rival.registration.overlaps(registration) and rival.stands_in_the_way(now)
    ]
    if not standing:
        return Review(Step.PROVE, "its proofs suffice", until=until)
    freezes = tuple(
        rival.registration.id
        for rival in standing
        if not is_protected and rival.yields_to(registration, worth, now)
    )
    withstand = tuple(
        rival.registration.id
        for rival in standing
        if rival.registration.id not in freezes and rival.registration.is_in_force(now)
    )
    why = "it is proven, and somebody else's registration of the same numbers stands: an operator decides"
    return Review(Step.CONTEST, why, freezes=freezes, withstand=withstand)


def _in_force(registration: Registration, until: int | None, policy: RegistryPolicy, now: int) -> Review:
    # Ended and not looked at yet: the numbers may be somebody else's by now, which is for `_proven` to see.
    has_ended = registration.until is not None and registration.until <= now
    if until is None or has_ended:
        return Review(Step.LAPSE, "the proofs it rested on have ended, or policy asks for others")
    soon = now + policy.renewal_days * SECONDS_A_DAY
    if until != registration.until:
        return Review(Step.PROVE, "its proofs end at another time than before", until=until)
    if registration.state is State.VERIFIED and until <= soon:
        return Review(Step.NEAR_END, "its proofs end soon: prove it again")
    return Review(None)
