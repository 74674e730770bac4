"""The states of a registration, and every transition there is.

    claimed ──begin──> proving ──prove──> verified ──near_end──> expiring ──prove──> verified
       ^                  │ ^                 │                      │
       └──────forget──────┘ └─────lapse───────┴──────────────────────┘
    proving ──contest──> disputed      the proofs suffice, but the numbers stand for somebody else
    verified, expiring ──freeze──> disputed      somebody else's proof is at least as strong
    disputed ──award──> proving (from where its proofs carry it on), ──dismiss──> withdrawn
    verified, expiring ──narrow──> the same, with fewer numbers
    any but withdrawn ──withdraw──> withdrawn

A table and not a chain of ifs, so that what is not in it cannot happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """How far a registration has come."""

    CLAIMED = "claimed"
    PROVING = "proving"
    VERIFIED = "verified"
    EXPIRING = "expiring"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What may happen to a registration."""

    BEGIN = "begin"
    """A proof was begun."""
    FORGET = "forget"
    """No proof is under way or in force any more."""
    PROVE = "prove"
    """Its proofs suffice, and the numbers stand for nobody else."""
    CONTEST = "contest"
    """Its proofs suffice, and the numbers stand for somebody else."""
    NEAR_END = "near_end"
    """Its proofs end soon."""
    LAPSE = "lapse"
    """Its proofs no longer suffice."""
    FREEZE = "freeze"
    """Somebody else proved as much, or an operator said so."""
    AWARD = "award"
    """An operator decided the dispute for it."""
    DISMISS = "dismiss"
    """An operator decided against it."""
    NARROW = "narrow"
    """An operator gave a part of its numbers to somebody else."""
    WITHDRAW = "withdraw"
    """Its owner gave it up."""


IN_FORCE: Final = frozenset({State.VERIFIED, State.EXPIRING})
LIVE: Final = frozenset(State) - {State.WITHDRAWN}

TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = {
    (State.CLAIMED, Step.BEGIN): State.PROVING,
    (State.PROVING, Step.FORGET): State.CLAIMED,
    (State.PROVING, Step.PROVE): State.VERIFIED,
    (State.PROVING, Step.CONTEST): State.DISPUTED,
    (State.VERIFIED, Step.PROVE): State.VERIFIED,
    (State.VERIFIED, Step.NEAR_END): State.EXPIRING,
    (State.VERIFIED, Step.LAPSE): State.PROVING,
    (State.VERIFIED, Step.FREEZE): State.DISPUTED,
    (State.EXPIRING, Step.PROVE): State.VERIFIED,
    (State.EXPIRING, Step.LAPSE): State.PROVING,
    (State.EXPIRING, Step.FREEZE): State.DISPUTED,
    **{(state, Step.NARROW): state for state in IN_FORCE},
    # What an award gives back is the right to stand on one's proofs: some may have ended meanwhile.
    (State.DISPUTED, Step.AWARD): State.PROVING,
    **{(state, Step.DISMISS): State.WITHDRAWN for state in LIVE},
    **{(state, Step.WITHDRAW): State.WITHDRAWN for state in LIVE},
}


class TransitionError(ValueError):
    """A step that cannot be taken from here; `str()` is a sentence."""


def transition(state: State, step: Step) -> State:
    """The state after this step. Raises TransitionError."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise TransitionError(f"a registration that is {state} cannot {step.replace('_', ' ')}") from None
