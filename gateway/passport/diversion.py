"""The claims of a diverted call: `div` and `div-o` (RFC 8946 sections 3, 5 and 8).

A `div` PASSporT says: the call was to `div`, and goes on to `dest`. It hangs on the PASSporT that said the
call was to `div`, which stands beside it in another Identity header, or in a `div-o` within it, as `opt`.
Whether the links of a call's chain fit together is decided in `gateway.verification.diversion`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.passport.claims import Claims
from gateway.passport.fields import ClaimError, ClaimProblem, read_dest, read_iat, read_orig, read_payload

DIV_CLAIMS: Final = ("dest", "div", "iat", "orig")
DIV_O_CLAIMS: Final = ("dest", "div", "iat", "opt", "orig")
NOT_IN_DIV: Final = ("attest", "opt", "origid")
"""RFC 8946 section 3: the retargeter vouches for the diversion, not for who called."""

MAX_OPT_CHARACTERS: Final = 12_288
"""What is left of an Identity header's longest value when it is base64url in a token."""

_HI: Final = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,31}")
_FULL_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class DivClaims(Claims, frozen=True, kw_only=True, gc=False):
    """The claims of a `div` PASSporT. Of `div` and `div_uri` exactly one is given."""

    div: str | None
    """`div.tn`: the number the call was diverted from, as signed."""
    div_uri: str | None = None
    hi: str | None = None
    """The History-Info index of the diversion, `1.2.1` (RFC 7044 section 10.3)."""


class DivOClaims(DivClaims, frozen=True, kw_only=True, gc=False):
    """The claims of a `div-o` PASSporT."""

    opt: str
    """The PASSporT before this diversion, in full form; nothing about it has been verified."""


def read_div_claims(payload: Mapping[str, object]) -> DivClaims | ClaimProblem:
    """Give the claims of a `div` PASSporT their types, or say which is missing or wrong; never raises."""
    return read_payload(payload, DIV_CLAIMS, _read_div)


def read_div_o_claims(payload: Mapping[str, object]) -> DivOClaims | ClaimProblem:
    """Give the claims of a `div-o` PASSporT their types, or say which is missing or wrong; never raises."""
    return read_payload(payload, DIV_O_CLAIMS, _read_div_o)


def _read_div(payload: Mapping[str, object]) -> DivClaims:
    for claim in NOT_IN_DIV:
        if claim in payload:
            raise ClaimError(claim, f"{claim} has no place in a div PASSporT (RFC 8946 section 3)")
    dest, dest_uri = read_dest(payload["dest"])
    div, div_uri, hi = _read_diverted(payload["div"])
    iat = read_iat(payload["iat"])
    orig, orig_uri = read_orig(payload["orig"])
    return DivClaims(
        dest=dest, div=div, iat=iat, orig=orig, dest_uri=dest_uri, div_uri=div_uri, hi=hi, orig_uri=orig_uri
    )


def _read_div_o(payload: Mapping[str, object]) -> DivOClaims:
    for claim in ("attest", "origid"):
        if claim in payload:
            raise ClaimError(claim, f"{claim} has no place in a div-o PASSporT (RFC 8946 section 5)")
    dest, dest_uri = read_dest(payload["dest"])
    div, div_uri, hi = _read_diverted(payload["div"])
    iat = read_iat(payload["iat"])
    opt = payload["opt"]
    if not isinstance(opt, str) or len(opt) > MAX_OPT_CHARACTERS or _FULL_FORM.fullmatch(opt) is None:
        raise ClaimError("opt", "opt must be a PASSporT in full form as one string (RFC 8946 section 5)")
    orig, orig_uri = read_orig(payload["orig"])
    return DivOClaims(
        dest=dest,
        div=div,
        iat=iat,
        opt=opt,
        orig=orig,
        dest_uri=dest_uri,
        div_uri=div_uri,
        hi=hi,
        orig_uri=orig_uri,
    )


def _read_diverted(value: object) -> tuple[str | None, str | None, str | None]:
    """Read `div`: one identity, and the index of its History-Info entry, if any (RFC 8946 section 8)."""
    if not isinstance(value, dict) or not value.keys() <= {"tn", "uri", "hi"}:
        raise ClaimError("div", "div must be an object with a tn or a uri, and at most an hi besides")
    identities = {kind: value[kind] for kind in ("tn", "uri") if kind in value}
    if len(identities) != 1:
        raise ClaimError("div", "div must name one identity, a tn or a uri")
    ((kind, identity),) = identities.items()
    if not isinstance(identity, str) or not identity:
        raise ClaimError("div", f"div.{kind} must be one string, not empty")
    hi = value.get("hi")
    if hi is not None and (not isinstance(hi, str) or _HI.fullmatch(hi) is None):
        raise ClaimError("div", "div.hi must be a History-Info index such as 1.2.1")
    return (identity, None, hi) if kind == "tn" else (None, identity, hi)
