"""One thing the doctor looked at: how it stands, in a sentence, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

DAY_SECONDS = 86_400


class State(Enum):
    """How a thing stands; only `WRONG` makes the doctor end with status 1."""

    GOOD = "good"
    ATTENTION = "attention"
    """It works, and will not for long, or not as well as it could."""
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is to be said of one thing."""

    check: str
    """What was looked at, in one or two words: the same for good and bad."""
    state: State
    words: str
    command: str = ""
    """To be typed by whoever mends it; empty where there is nothing to mend."""


def good(check: str, words: str) -> Diagnosis:
    """Nothing to mend."""
    return Diagnosis(check=check, state=State.GOOD, words=words)


def attention(check: str, words: str, command: str = "") -> Diagnosis:
    """To be looked after."""
    return Diagnosis(check=check, state=State.ATTENTION, words=words, command=command)


def wrong(check: str, words: str, command: str = "") -> Diagnosis:
    """To be mended now."""
    return Diagnosis(check=check, state=State.WRONG, words=words, command=command)


def unknown(check: str, words: str, command: str = "") -> Diagnosis:
    """Not looked at, and why."""
    return Diagnosis(check=check, state=State.UNKNOWN, words=words, command=command)


def lasting(seconds: float) -> str:
    """A span of time in words: days from two of them on, else hours, minutes or seconds."""
    for unit, word in ((DAY_SECONDS, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {word}"
    return f"{seconds:.0f} second{'s' * (round(seconds) != 1)}"
