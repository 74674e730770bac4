"""The claims of a PASSporT without extension, and of `shaken`: RFC 8225 section 5, RFC 8588 sections 4, 5.

Decides whether each claim has the form the standards give it. Whether `iat` is fresh, `attest` is A, B or
C, and `orig` and `dest` are the numbers of the call, is decided in `gateway.verification`. Claims not named
here are ignored, though the signature covers them (RFC 8225 section 8.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec

from gateway.passport.fields import (
    MAX_DESTINATIONS,
    MAX_IAT,
    ClaimError,
    ClaimProblem,
    read_dest,
    read_iat,
    read_orig,
    read_payload,
)
from gateway.passport.plain_json import PlainReader

__all__ = [
    "BASE_CLAIMS",
    "MAX_IAT",
    "ORIGID",
    "SHAKEN_CLAIMS",
    "BaseClaims",
    "ClaimProblem",
    "Claims",
    "ShakenClaims",
    "read_base_claims",
    "read_plain_shaken",
    "read_shaken_claims",
    "render_shaken",
]

BASE_CLAIMS: Final = ("dest", "iat", "orig")
"""What every PASSporT must have, in the order in which a missing one is named (and signed)."""

SHAKEN_CLAIMS: Final = ("attest", "dest", "iat", "orig", "origid")
"""The same for SHAKEN."""

ORIGID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""A UUID in its 8-4-4-4-12 form (RFC 8588 section 5)."""


class Claims(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the claims of every type have in common, as signed; numbers are not yet in canonical form.

    Of `orig` and `orig_uri` exactly one is given. Of `dest` and `dest_uri` at least one is not empty.
    """

    dest: tuple[str, ...]
    """`dest.tn`: telephone numbers as signed."""
    iat: int
    """Seconds since 1970, 0 to MAX_IAT."""
    orig: str | None
    """`orig.tn`: the telephone number as signed; None when a URI was signed in its place."""
    dest_uri: tuple[str, ...] = ()
    orig_uri: str | None = None


class BaseClaims(Claims, frozen=True, kw_only=True, gc=False):
    """The claims of a PASSporT without `ppt`."""


class ShakenClaims(Claims, frozen=True, kw_only=True, gc=False):
    """The claims of a `shaken` PASSporT."""

    attest: str
    """Any string: that it must be A, B or C is an error case of its own (ATIS-1000082 E19)."""
    origid: str
    """A UUID in its 8-4-4-4-12 form; a signer's letter case is kept."""


def read_base_claims(payload: Mapping[str, object]) -> BaseClaims | ClaimProblem:
    """Give the claims of a PASSporT without extension their types, or say what is wrong; never raises."""
    return read_payload(payload, BASE_CLAIMS, _read_base)


def read_shaken_claims(payload: Mapping[str, object]) -> ShakenClaims | ClaimProblem:
    """Give the claims of a `shaken` PASSporT their types, or say which is missing or wrong; never raises.

    All missing claims come before all wrong ones, each in alphabetical order.
    """
    return read_payload(payload, SHAKEN_CLAIMS, _read_shaken)


def read_plain_shaken(data: bytes) -> tuple[Mapping[str, object], ShakenClaims] | None:
    """Give payload and claims of a `shaken` PASSporT in its plain form: one calling number, called numbers.

    None for any other text, which is for `read_json` and `read_shaken_claims`.
    """
    plain = _PLAIN.read(data)
    if plain is None:
        return None
    tn, tns = plain.orig.tn, plain.dest.tn
    if not tn or not all(tns) or ORIGID.fullmatch(plain.origid) is None:
        return None
    attest, iat, origid = plain.attest, plain.iat, plain.origid
    payload = {"attest": attest, "dest": {"tn": tns}, "iat": iat, "orig": {"tn": tn}, "origid": origid}
    return payload, ShakenClaims(attest=attest, dest=tuple(tns), iat=iat, orig=tn, origid=origid)


def render_shaken(*, attest: str, dest: Sequence[str], iat: int, orig: str, origid: str) -> bytes:
    """Write the payload of a `shaken` PASSporT as `render_json` would, canonical (RFC 8225 section 9).

    What is a value of each member's type is not looked at again: numbers are canonical, `dest` is sorted.
    """
    return _WRITE(_Plain(attest, _PlainDest(list(dest)), iat, _PlainOrig(orig), origid))


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The payload of nearly every call: RFC 8588 section 4 with telephone numbers, in canonical order."""

    attest: str
    dest: _PlainDest
    iat: Annotated[int, msgspec.Meta(ge=0, le=MAX_IAT)]
    orig: _PlainOrig
    origid: str


class _PlainDest(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    tn: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MAX_DESTINATIONS)]


class _PlainOrig(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    tn: str


_WRITE: Final = msgspec.json.Encoder().encode
_PLAIN: Final = PlainReader(_Plain, lambda plain: 2 * (10 + len(plain.dest.tn)))


def _read_base(payload: Mapping[str, object]) -> BaseClaims:
    dest, dest_uri = read_dest(payload["dest"])
    iat = read_iat(payload["iat"])
    orig, orig_uri = read_orig(payload["orig"])
    return BaseClaims(dest=dest, iat=iat, orig=orig, dest_uri=dest_uri, orig_uri=orig_uri)


def _read_shaken(payload: Mapping[str, object]) -> ShakenClaims:
    attest = payload["attest"]
    if not isinstance(attest, str):
        raise ClaimError("attest", "attest must be a string")
    dest, dest_uri = read_dest(payload["dest"])
    iat = read_iat(payload["iat"])
    orig, orig_uri = read_orig(payload["orig"])
    origid = payload["origid"]
    if not isinstance(origid, str) or ORIGID.fullmatch(origid) is None:
        raise ClaimError("origid", "origid must be a UUID in its 8-4-4-4-12 form (RFC 8588 section 5)")
    return ShakenClaims(
        attest=attest, dest=dest, iat=iat, orig=orig, origid=origid, dest_uri=dest_uri, orig_uri=orig_uri
    )
