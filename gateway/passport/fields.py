"""Claims that every PASSporT has, read one at a time: `orig`, `dest`, `iat` (RFC 8225 section 5).

The readers of whole payloads (`claims`, `diversion`, `rich_call_data`, `priority`) are put together from
these. Each gives the typed value or raises ClaimError, which those readers turn into a ClaimProblem;
nothing outside this room sees the exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

MAX_IAT: Final = 253_402_300_799
"""The last second of the year 9999. A larger number counts something else, most often milliseconds."""

MAX_DESTINATIONS: Final = 1000
"""More identities than any call has, and few enough to compare in a millisecond."""

# A line break in a name or a reason would end a SIP header; the marks that change the direction of writing
# let one name look like another (UTS #39 section 5.4 names them).
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClaimProblem:
    """The first claim that is missing or has the wrong form."""

    claim: str
    problem: str
    """One sentence; it repeats nothing of the claim's value."""
    missing: bool


class ClaimError(Exception):
    """A claim of the wrong form; becomes a ClaimProblem at the end of a `read_…_claims`."""

    def __init__(self, claim: str, problem: str) -> None:
        super().__init__(problem)
        self.claim = claim
        self.problem = problem


def read_payload(
    payload: Mapping[str, object], required: tuple[str, ...], read: Callable[[Mapping[str, object]], T]
) -> T | ClaimProblem:
    """Read a payload whole: all missing claims, in the order of `required`, are named before a wrong one."""
    for claim in required:
        if claim not in payload:
            return ClaimProblem(claim, f"the claim '{claim}' is missing", missing=True)
    try:
        return read(payload)
    except ClaimError as error:
        return ClaimProblem(error.claim, error.problem, missing=False)


def read_iat(value: object) -> int:
    """Seconds since 1970, 0 to MAX_IAT (RFC 8225 section 5.1.1)."""
    # bool is an int to Python. A string is what the examples of RFC 8225, 8224 and 8588 print (errata 5985),
    # a float what NumericDate of RFC 7519 would allow: RFC 8225 section 9 has integers.
    if type(value) is not int:
        raise ClaimError("iat", "iat must be a JSON integer (RFC 8225 section 5.1.1)")
    if not 0 <= value <= MAX_IAT:
        raise ClaimError("iat", "iat is no time in seconds since 1970")
    return value


def read_orig(value: object) -> tuple[str | None, str | None]:
    """Read `orig`: a telephone number or a URI, the other being None (RFC 8225 section 5.2.1)."""
    if not isinstance(value, dict) or len(value) != 1:
        raise ClaimError("orig", "orig must be an object with one member, tn or uri")
    ((kind, identity),) = value.items()
    if kind not in ("tn", "uri"):
        raise ClaimError("orig", "orig must be an object with one member, tn or uri")
    if not isinstance(identity, str) or not identity:
        raise ClaimError("orig", f"orig.{kind} must be one string, not empty (RFC 8225 section 5.2.1)")
    return (identity, None) if kind == "tn" else (None, identity)


def read_dest(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `dest`: telephone numbers and URIs, at least one of either (RFC 8225 section 5.2.1)."""
    # Identities of further kinds are ignored: the call is compared with those that are understood.
    if not isinstance(value, dict) or ("tn" not in value and "uri" not in value):
        raise ClaimError("dest", "dest must be an object with a member tn or uri")
    return _read_dest_identities(value, "tn"), _read_dest_identities(value, "uri")


def read_text(value: object, claim: str, *, most: int) -> str:
    """Read text that people are shown: 1 to `most` characters, none of which could end a SIP header."""
    if not isinstance(value, str) or not value:
        raise ClaimError(claim, f"{claim} must be a string, not empty")
    if len(value) > most:
        raise ClaimError(claim, f"{claim} is longer than {most} characters")
    if _UNSHOWABLE.search(value) is not None:
        raise ClaimError(claim, f"{claim} holds a control character or a mark of writing direction")
    return value


def _read_dest_identities(dest: Mapping[str, object], kind: str) -> tuple[str, ...]:
    if kind not in dest:
        return ()
    identities = dest[kind]
    if not isinstance(identities, list) or not identities:
        raise ClaimError("dest", f"dest.{kind} must be an array with at least one string")
    if len(identities) > MAX_DESTINATIONS:
        raise ClaimError("dest", f"dest.{kind} has more than {MAX_DESTINATIONS} members")
    for identity in identities:
        if not isinstance(identity, str) or not identity:
            raise ClaimError("dest", f"every member of dest.{kind} must be a string, not empty")
    return tuple(identities)
