"""Where a registration stands: its timeline, and which proofs are given, under way or still to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.control.pages.rendering import day, moment
from gateway.control.registry.showing import Shown
from gateway.record.proofs import ProofRow, ProofState
from gateway.registry.policy import RegistryPolicy
from gateway.registry.proofs import ProofKind
from gateway.registry.states import IN_FORCE, State


@dataclass(frozen=True, slots=True)
class Mark:
    """A station on the way: `done`, `now` or `later`."""

    name: str
    standing: str
    about: str


@dataclass(frozen=True, slots=True)
class ProofChoice:
    """A kind of proof, and where it stands for this registration."""

    kind: ProofKind
    pending: ProofRow | None
    given: ProofRow | None
    is_offered: bool
    """Whether it can be begun: some need a number of the network's own."""


@dataclass(frozen=True, slots=True)
class Way:
    """Proofs that are enough together."""

    proofs: tuple[ProofChoice, ...]


def timeline(shown: Shown, *, now: int) -> Sequence[Mark]:
    """Claimed, proven, verified: when it was, or who must act and by when."""
    registration = shown.registration
    state = registration.state
    pending = [proof for proof in shown.proofs if proof.is_pending(now)]
    claimed = Mark("Claimed", "done", "Nothing has changed for calls by that alone.")
    if state in IN_FORCE and registration.until is not None:
        proven = Mark("Proven", "done", f"The proof counts until {day(registration.until)}.")
        again = "Prove it again before then." if state is State.EXPIRING else "We tell you before it ends."
        return claimed, proven, Mark("In force", "done", f"Calls are treated as you said. {again}")
    if state is State.DISPUTED:
        decides = Mark(
            "Disputed", "now", "An operator decides between you and somebody else, and tells both."
        )
        return claimed, Mark("Proven", "done", ""), decides
    if state is State.WITHDRAWN:
        return claimed, Mark("Ended", "done", "")
    letters = [proof for proof in pending if proof.kind is ProofKind.LETTER]
    if letters:
        about = f"An operator checks your letter, by {day(letters[0].expires_at)}."
    elif pending:
        about = f"You: complete the proof by {moment(max(proof.expires_at for proof in pending))}."
    else:
        about = "You: choose a proof below."
    return claimed, Mark("Proven", "now", about), Mark("In force", "later", "At once when it is proven.")


def proofs_to_choose(shown: Shown, *, policy: RegistryPolicy, now: int) -> Sequence[Way]:
    """The ways to prove it, as policy has them."""
    return [
        Way(tuple(_choice(kind, shown, policy, now) for kind in ProofKind if kind in combination))
        for combination in shown.sufficient
    ]


def _choice(kind: ProofKind, shown: Shown, policy: RegistryPolicy, now: int) -> ProofChoice:
    mine = [proof for proof in shown.proofs if proof.kind is kind]
    given = [
        proof
        for proof in mine
        if proof.state is ProofState.GIVEN
        and proof.since is not None
        and proof.until is not None
        and proof.since <= now < proof.until
    ]
    return ProofChoice(
        kind,
        pending=next((proof for proof in reversed(mine) if proof.is_pending(now)), None),
        given=max(given, key=lambda proof: proof.until or 0, default=None),
        is_offered=kind is not ProofKind.CALL or bool(policy.call_destinations),
    )
