"""States, proofs and steps of the registry in words for owners: what it means, who must act, by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.registry.proofs import ProofKind
from gateway.registry.states import State, Step


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state as a tag, a sentence, and whose turn it is."""

    tag: str
    colour: str
    means: str
    who: str


STATES: Final[Mapping[State, StateWords]] = {
    State.CLAIMED: StateWords("Claimed", "warn", "Nothing has changed for any call yet.", "You: prove it"),
    State.PROVING: StateWords(
        "Being proven", "warn", "A proof is under way, or is not enough by itself.", "You: complete the proof"
    ),
    State.VERIFIED: StateWords("Verified", "good", "Calls are treated as you said.", "Nobody"),
    State.EXPIRING: StateWords(
        "Ends soon", "warn", "Calls are treated as you said, but the proof ends soon.", "You: prove it again"
    ),
    State.DISPUTED: StateWords(
        "Disputed",
        "bad",
        "You and somebody else have both proven it. It has no effect on calls until an operator has decided.",
        "An operator",
    ),
    State.WITHDRAWN: StateWords("Ended", "", "It has no effect on calls any more.", "Nobody"),
}
WAITING: Final = (State.CLAIMED, State.PROVING, State.EXPIRING, State.DISPUTED)
"""States in which somebody has to do something."""

_READS: Final = "An operator: reads your letter"


def whose_turn(state: State, *, is_with_operator: bool) -> str:
    """Who must act; `is_with_operator` where a letter waits to be read."""
    waits = is_with_operator and state in (State.CLAIMED, State.PROVING, State.EXPIRING)
    return _READS if waits else STATES[state].who


STEPS: Final[Mapping[str, str]] = {
    Step.BEGIN: "A proof was begun",
    Step.FORGET: "The proof ran out before it was completed",
    Step.PROVE: "Verified",
    Step.CONTEST: "Proven, but somebody else has proven it too",
    Step.NEAR_END: "The proof ends soon",
    Step.LAPSE: "The proof has ended",
    Step.FREEZE: "Frozen until an operator decides",
    Step.AWARD: "An operator decided for you",
    Step.DISMISS: "An operator ended it",
    Step.NARROW: "An operator gave a part of the numbers to somebody else",
    Step.WITHDRAW: "Given up",
}


@dataclass(frozen=True, slots=True)
class KindWords:
    """A kind of proof: what it is called, what it takes, what it shows and no more."""

    name: str
    effort: str
    shows: str
    button: str


KINDS: Final[Mapping[ProofKind, KindWords]] = {
    ProofKind.CODE: KindWords(
        "Code by telephone",
        "Two minutes. The number is called and a voice says six digits; you type them here.",
        "That you answer the number today. Whoever borrows the telephone could do so too.",
        "Have the number called",
    ),
    ProofKind.CALL: KindWords(
        "Call from the number",
        "Two minutes. You call a number that we name, with the number you claim.",
        "That you can call with it today, from your own line on this network.",
        "Show me which number to call",
    ),
    ProofKind.CERTIFICATE: KindWords(
        "Delegate certificate",
        "Half an hour for somebody who has one. You sign a text with its key and paste both here.",
        "That whoever was assigned the numbers passed them on to you (RFC 9060).",
        "Give me the text to sign",
    ),
    ProofKind.LETTER: KindWords(
        "Letter of authorisation",
        "Some days. You say who authorises you and where the letter can be seen; an operator checks it, "
        "and for protected numbers a second one.",
        "That an operator has looked into it and believes you.",
        "Write what the letter says",
    ),
}
