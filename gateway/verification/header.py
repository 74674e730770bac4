"""The Identity header's parameters and the PASSporT's header: E4 to E7 and E9 to E13 of ATIS-1000082.

RFC 8224 sections 4 and 6.2 step 1, RFC 8225 section 4, RFC 8588 section 3. The order is the standard's;
the checks it does not number stand where a token that fails them costs least.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.passport.identity import LONGEST_KEPT, PARAMETERS_KEPT, IdentityHeader
from gateway.passport.ppt import Ppt
from gateway.reasons import (
    ALG_PARAMETER_MISSING,
    ALG_PARAMETER_UNSUPPORTED,
    ALG_UNSUPPORTED,
    HEADER_CLAIM_MISSING,
    HEADER_FORBIDDEN,
    IDENTITY_COMPACT,
    INFO_INVALID,
    INFO_MISSING,
    PARAMETERS_TOO_MANY,
    PPT_PARAMETER_UNSUPPORTED,
    PPT_UNSUPPORTED,
    TYP_UNSUPPORTED,
    X5U_MISMATCH,
    Finding,
)
from gateway.verification.profile import Profile

REQUIRED_HEADER: Final = ("alg", "ppt", "typ", "x5u")
"""RFC 8588 section 3; the order in which a missing one is named."""

FORBIDDEN_HEADER: Final = frozenset(
    {"crit", "b64", "jwk", "jku", "kid", "x5c", "x5t", "x5t#S256", "zip", "enc", "cty"}
)
"""RFC 7515 parameters that would choose another key or another reading of the signed bytes.

RFC 8225 section 4 uses none of them. Ignoring them would be safe for the ones that name a key, as the
key comes from x5u alone; a token that carries one was made to confuse some verifier, and `crit` must
not be ignored (RFC 7515 section 4.1.11).
"""


class Parameters(msgspec.Struct, frozen=True, gc=False):
    """An Identity header whose parameters can be used."""

    ppt: Ppt
    x5u: str
    forbidden: Finding | None
    """Set when `x5u` is an address that is not fetched from: to be said in E8's place, after the claims."""


def check_parameters(
    identity: IdentityHeader, *, ppt: Ppt | None, profile: Profile, x5u_policy: X5uPolicy
) -> Parameters | Finding:
    """E4, E6, E7, E5 and the algorithm, in that order; without `ppt` the type is not one that is taken."""
    # Differs from RFC 8225 section 7: the compact form is refused for every type. SHAKEN, div, rcd and rph
    # forbid it or need the full form, and RFC 8224 section 6.1.1 has a refused signer send that.
    if identity.is_compact:
        return Finding(IDENTITY_COMPACT)
    if identity.info is None:
        return Finding(INFO_MISSING, parameter="info")
    # What no genuine call has is not remembered: it may be of any length.
    is_plain = ppt is not None and identity.alg == "ES256" and len(identity.info) <= LONGEST_KEPT
    check = _check if is_plain else _check.__wrapped__
    return check(
        identity.info,
        identity.info_is_bracketed,
        identity.alg,
        identity.ppt,
        identity.parameter_count,
        ppt,
        profile,
        x5u_policy,
    )


@lru_cache(maxsize=PARAMETERS_KEPT)
def _check(  # noqa: PLR0917 - a memory's key
    info: str,
    info_is_bracketed: bool,  # noqa: FBT001
    alg: str | None,
    named: str | None,
    count: int,
    ppt: Ppt | None,
    profile: Profile,
    x5u_policy: X5uPolicy,
) -> Parameters | Finding:
    """Check parameters, which are the same for every call signed under one certificate, hence remembered."""
    address = check_x5u(info, x5u_policy)
    if not info_is_bracketed:
        return Finding(INFO_INVALID, "the URI is not in angle brackets", "info")
    if address is not None and address.reason is INFO_INVALID:
        return address
    if ppt is None:
        found = "none" if named is None else repr(named)[:80]
        return Finding(PPT_PARAMETER_UNSUPPORTED, f"found {found}", "ppt")
    if profile.max_parameters is not None and count > profile.max_parameters:
        return Finding(PARAMETERS_TOO_MANY, f"found {count}")
    # A missing alg means ES256 (RFC 8224 section 4.1), where the profile does not say otherwise.
    if alg is None:
        if profile.alg_parameter_required:
            return Finding(ALG_PARAMETER_MISSING, parameter="alg")
    elif alg != "ES256":
        return Finding(ALG_PARAMETER_UNSUPPORTED, f"found {alg!r}"[:80], "alg")
    return Parameters(ppt, info, address)


def check_header(header: Mapping[str, object], *, ppt: Ppt, x5u: str) -> Finding | None:
    """E9, E11, E12, E10, E13 (RFC 8225 section 4, RFC 8588 section 3)."""
    for name in REQUIRED_HEADER:
        if name not in header and not (name == "ppt" and ppt is Ppt.BASE):
            return Finding(HEADER_CLAIM_MISSING, parameter=name)
    if header["typ"] != "passport":
        return Finding(TYP_UNSUPPORTED, f"found {header['typ']!r}"[:80], "typ")
    if header["alg"] != "ES256":
        return Finding(ALG_UNSUPPORTED, f"found {header['alg']!r}"[:80], "alg")
    if header["x5u"] != x5u:
        return Finding(X5U_MISMATCH, parameter="x5u")
    if ("ppt" in header) if ppt is Ppt.BASE else header["ppt"] != ppt:
        return Finding(PPT_UNSUPPORTED, f"found {header.get('ppt')!r}"[:80], "ppt")
    if not FORBIDDEN_HEADER.isdisjoint(header):
        return Finding(HEADER_FORBIDDEN, parameter=min(FORBIDDEN_HEADER.intersection(header)))
    return None
