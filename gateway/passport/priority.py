"""The claims of a call that asks for precedence: `rph` and `sph` (RFC 8443 sections 3, 4; RFC 9027).

`rph.auth` names the Resource-Priority values the signer authorises, `sph` the SIP Priority of a call back
from an emergency control room. What the call itself asks for is compared in
`gateway.verification.priority`. Nothing here is about the number: RPH has a verdict of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.passport.claims import Claims
from gateway.passport.fields import ClaimError, ClaimProblem, read_dest, read_iat, read_orig, read_payload

RPH_CLAIMS: Final = ("dest", "iat", "orig", "rph")
MAX_R_VALUES: Final = 32
PSAP_CALLBACK: Final = "psap-callback"
"""The one value of `sph` (RFC 9027 section 4; RFC 7090)."""

_ESNET: Final = frozenset(f"esnet.{priority}" for priority in range(5))
"""RFC 7135 section 2: the namespace of emergency services has five values."""

# RFC 4412 section 3.1: r-value = namespace "." r-priority, both token-nodot. What fits can be copied into a
# Resource-Priority header as it is.
_R_VALUE: Final = re.compile(r"[A-Za-z0-9!%*_+`'~-]{1,64}\.[A-Za-z0-9!%*_+`'~-]{1,64}")


class RphClaims(Claims, frozen=True, kw_only=True, gc=False):
    """The claims of an `rph` PASSporT."""

    auth: tuple[str, ...]
    """The authorised r-values, `ets.0`, in lower case: RFC 4412 section 3.1 compares them without case."""
    sph: str | None = None
    """`psap-callback`, or None when the claim is not there."""


def read_rph_claims(payload: Mapping[str, object]) -> RphClaims | ClaimProblem:
    """Give the claims of an `rph` PASSporT their types, or say which is missing or wrong; never raises."""
    return read_payload(payload, RPH_CLAIMS, _read_rph)


def _read_rph(payload: Mapping[str, object]) -> RphClaims:
    dest, dest_uri = read_dest(payload["dest"])
    iat = read_iat(payload["iat"])
    orig, orig_uri = read_orig(payload["orig"])
    auth = _read_auth(payload["rph"])
    sph = _read_sph(payload["sph"], auth) if "sph" in payload else None
    return RphClaims(auth=auth, dest=dest, iat=iat, orig=orig, dest_uri=dest_uri, orig_uri=orig_uri, sph=sph)


def _read_auth(value: object) -> tuple[str, ...]:
    # Members besides auth are other assertions, to be ignored when unknown (RFC 8443 section 7.2).
    auth = value.get("auth") if isinstance(value, dict) else None
    if not isinstance(auth, list) or not auth:
        raise ClaimError("rph", "rph must be an object whose auth is an array with at least one r-value")
    if len(auth) > MAX_R_VALUES:
        raise ClaimError("rph", f"rph.auth has more than {MAX_R_VALUES} members")
    values: list[str] = []
    for r_value in auth:
        if not isinstance(r_value, str) or _R_VALUE.fullmatch(r_value) is None:
            raise ClaimError("rph", "every member of rph.auth must be namespace.priority (RFC 4412)")
        values.append(r_value.lower())
    return tuple(values)


def _read_sph(value: object, auth: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value != PSAP_CALLBACK:
        raise ClaimError("sph", f"sph must be '{PSAP_CALLBACK}' (RFC 9027 section 4)")
    if _ESNET.isdisjoint(auth):
        raise ClaimError("sph", "sph stands only beside an authorised esnet value (RFC 9027 section 4)")
    return value
