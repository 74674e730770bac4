"""The claims of a SHAKEN payload, with types: RFC 8225 section 5, RFC 8588 sections 4 and 5.

Decides whether each claim has the form the standards give it. Whether `iat` is fresh, `attest` is A, B or
C, and `orig` and `dest` are the numbers of the call, is decided in `gateway.verification`. Claims not named
here are ignored, though the signature covers them (RFC 8225 section 8.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SHAKEN_CLAIMS: Final = ("attest", "dest", "iat", "orig", "origid")
"""What every SHAKEN payload must have, in the order in which a missing one is named (and signed)."""

MAX_IAT: Final = 253_402_300_799
"""The last second of the year 9999. A larger number counts something else, most often milliseconds."""

_ORIGID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class ShakenClaims:
    """The claims of a `shaken` PASSporT, as signed; numbers are not yet in canonical form.

    Of `orig` and `orig_uri` exactly one is given. Of `dest` and `dest_uri` at least one is not empty.
    """

    attest: str
    """Any string: that it must be A, B or C is an error case of its own (ATIS-1000082 E19)."""
    dest: tuple[str, ...]
    """`dest.tn`: telephone numbers as signed."""
    iat: int
    """Seconds since 1970, 0 to MAX_IAT."""
    orig: str | None
    """`orig.tn`: the telephone number as signed; None when a URI was signed in its place."""
    origid: str
    """A UUID in its 8-4-4-4-12 form; a signer's letter case is kept."""
    dest_uri: tuple[str, ...] = ()
    orig_uri: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimProblem:
    """The first claim that is missing or has the wrong form."""

    claim: str
    problem: str
    """One sentence; it repeats nothing of the claim's value."""
    missing: bool


def read_shaken_claims(payload: Mapping[str, object]) -> ShakenClaims | ClaimProblem:
    """Give the payload's claims their types, or say which is missing or wrong; never raises.

    All missing claims come before all wrong ones, each in alphabetical order.
    """
    for claim in SHAKEN_CLAIMS:
        if claim not in payload:
            return ClaimProblem(claim, f"the claim '{claim}' is missing", missing=True)
    try:
        attest = _read_attest(payload["attest"])
        dest, dest_uri = _read_dest(payload["dest"])
        iat = _read_iat(payload["iat"])
        orig, orig_uri = _read_orig(payload["orig"])
        origid = _read_origid(payload["origid"])
    except _ClaimError as error:
        return ClaimProblem(error.claim, error.problem, missing=False)
    return ShakenClaims(
        attest=attest, dest=dest, iat=iat, orig=orig, origid=origid, dest_uri=dest_uri, orig_uri=orig_uri
    )


class _ClaimError(Exception):
    def __init__(self, claim: str, problem: str) -> None:
        super().__init__(problem)
        self.claim = claim
        self.problem = problem


def _read_attest(value: object) -> str:
    if not isinstance(value, str):
        raise _ClaimError("attest", "attest must be a string")
    return value


def _read_iat(value: object) -> int:
    # bool is an int to Python. A string is what the examples of RFC 8225, 8224 and 8588 print (errata 5985),
    # a float what NumericDate of RFC 7519 would allow: RFC 8225 section 9 has integers.
    if type(value) is not int:
        raise _ClaimError("iat", "iat must be a JSON integer (RFC 8225 section 5.1.1)")
    if not 0 <= value <= MAX_IAT:
        raise _ClaimError("iat", "iat is no time in seconds since 1970")
    return value


def _read_orig(value: object) -> tuple[str | None, str | None]:
    if not isinstance(value, dict) or len(value) != 1:
        raise _ClaimError("orig", "orig must be an object with one member, tn or uri")
    ((kind, identity),) = value.items()
    if kind not in ("tn", "uri"):
        raise _ClaimError("orig", "orig must be an object with one member, tn or uri")
    if not isinstance(identity, str) or not identity:
        raise _ClaimError("orig", f"orig.{kind} must be one string, not empty (RFC 8225 section 5.2.1)")
    return (identity, None) if kind == "tn" else (None, identity)


def _read_dest(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    # Identities of further kinds are ignored: the call is compared with those that are understood.
    if not isinstance(value, dict) or ("tn" not in value and "uri" not in value):
        raise _ClaimError("dest", "dest must be an object with a member tn or uri")
    return _read_dest_identities(value, "tn"), _read_dest_identities(value, "uri")


def _read_dest_identities(dest: Mapping[str, object], kind: str) -> tuple[str, ...]:
    if kind not in dest:
        return ()
    identities = dest[kind]
    if not isinstance(identities, list) or not identities:
        raise _ClaimError("dest", f"dest.{kind} must be an array with at least one string")
    for identity in identities:
        if not isinstance(identity, str) or not identity:
            raise _ClaimError("dest", f"every member of dest.{kind} must be a string, not empty")
    return tuple(identities)


def _read_origid(value: object) -> str:
    if not isinstance(value, str) or _ORIGID.fullmatch(value) is None:
        raise _ClaimError("origid", "origid must be a UUID in its 8-4-4-4-12 form (RFC 8588 section 5)")
    return value
