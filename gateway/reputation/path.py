"""By which path a number was shown: the kind of trunk its call came in by, and what became of its signature.

A complaint names the number that was shown, which may be its victim's. Only a path that proves the number
lets evidence speak of whoever holds it; evidence from any other path speaks of calls that come that way.
Stored as text, `international/unsigned`; the empty text is a path nobody named, as in public lists.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from gateway.reasons import Verstat


class SignatureState(StrEnum):
    """What became of a call's signature."""

    PASSED = "passed"
    UNSIGNED = "unsigned"
    FAILED = "failed"


TRUNK_KINDS: Final = ("access", "customer", "domestic", "international")
"""The values of `gateway.attestation.decide.TrunkKind`, which lies above this room."""
_STATES: Final = {
    Verstat.TN_VALIDATION_PASSED: SignatureState.PASSED,
    Verstat.TN_VALIDATION_FAILED: SignatureState.FAILED,
    # What cannot be read or fetched vouches for nothing, as a missing one.
    Verstat.NO_TN_VALIDATION: SignatureState.UNSIGNED,
}
_OF_CALLS: Final = {
    (kind, verstat): f"{kind}/{state}" for kind in TRUNK_KINDS for verstat, state in _STATES.items()
}
UNKNOWN_PATH: Final = ""
PATHS: Final = frozenset(f"{kind}/{state}" for kind in TRUNK_KINDS for state in SignatureState)
WORDS_OF_PATHS: Final = f"{'|'.join(TRUNK_KINDS)}/{'|'.join(SignatureState)}"
"""For people."""
_OWN_LINES: Final = frozenset({"access", "customer"})


def path_of(trunk_kind: str, signature: SignatureState) -> str:
    """Return the path of a call. ValueError for a kind of trunk there is not."""
    path = f"{trunk_kind}/{signature}"
    if path not in PATHS:
        raise ValueError(f"{trunk_kind!r} is no kind of trunk")
    return path


def path_of_call(trunk_kind: str, verstat: Verstat) -> str:
    """Return the path of a call whose Identity headers were verified. ValueError as above."""
    known = _OF_CALLS.get((trunk_kind, verstat))
    return path_of(trunk_kind, _STATES[verstat]) if known is None else known


def proves_number(path: str) -> bool:
    """Whether a call that came so really was its number's: validly signed, or from the carrier's own line."""
    kind, _, state = path.partition("/")
    return path in PATHS and (state == SignatureState.PASSED or kind in _OWN_LINES)


def speaks_of(evidence: str, call: str) -> bool:
    """Whether evidence from one path counts for a call that arrives by another.

    What proves its number counts wherever the number calls; what named no path counts everywhere (it is
    for whoever weighs it to be careful); anything else counts for calls that arrive the same way.
    """
    return evidence in (UNKNOWN_PATH, call) or proves_number(evidence)
