"""The right to have a `div`, an `rcd` or an `rph` PASSporT signed, beside the attestation of `shaken`.

- `div` says that a call to a number goes on to another. The signer answers for the number diverted from, not
  for the caller (RFC 8946 sections 3 and 4.1), so the trunk must have the right to that number.
- `rcd` says who calls and why (RFC 9795). Somebody has to have granted these words and pictures to the
  number, and the trunk must have the right to the number itself.
- `rph` says that a call has precedence (RFC 8443, RFC 9027). That follows from no number: the operator
  allows namespaces to a trunk, and a trunk without any gets none.

Where grants come from is looked up before (`brands.toml`, registrations); everything that is not granted is
refused, never signed with less: half a name would be another name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.attestation.decide import TrunkKind, why_no_right
from gateway.attestation.inventory import RightToUse
from gateway.numbers.canonical import TelephoneNumber
from gateway.reasons import (
    SIGN_DIV_NUMBER,
    SIGN_GRANTED,
    SIGN_RCD_NUMBER,
    SIGN_RCD_OTHER,
    SIGN_RCD_UNGRANTED,
    SIGN_RPH_TRUNK,
    Finding,
)


@dataclass(frozen=True, slots=True)
class RichGrant:
    """What calls from certain numbers may say of themselves, in the form it is signed in."""

    rcd: Mapping[str, object]
    """The claim `rcd`: `nam`, and where they are granted `icn` and `jcl`."""
    source: Literal["brands.toml", "registration"]
    rcdi: Mapping[str, str] = field(default_factory=dict)
    """The claim `rcdi`: a digest of everything that `rcd` names by address."""
    call_reasons: frozenset[str] = frozenset()
    """The texts that the claim `crn` may have; a call need have none."""
    trunks: frozenset[str] = frozenset()
    """The trunks it holds for; empty: every trunk that has the right to the number."""


@dataclass(frozen=True, slots=True)
class RichDecision:
    """`claims` None is a refusal to sign; the finding says why in either case."""

    claims: Mapping[str, object] | None
    """`rcd`, and with it `rcdi` and `crn` where there are any."""
    finding: Finding


def decide_diversion(
    diverted: TelephoneNumber, *, trunk_name: str, trunk_kind: TrunkKind, right: RightToUse
) -> Finding:
    """Say whether the trunk may have a diversion from this number signed: `sign.granted`, or why not."""
    problem = why_no_right(diverted, trunk_name=trunk_name, trunk_kind=trunk_kind, right=right)
    if problem is not None:
        return Finding(SIGN_DIV_NUMBER, problem)
    return Finding(SIGN_GRANTED, f"by {right.source} for trunk {trunk_name}")


def decide_rich(
    orig: TelephoneNumber,
    *,
    wish: Mapping[str, object] | None,
    call_reason: str | None,
    trunk_name: str,
    trunk_kind: TrunkKind,
    right: RightToUse,
    grants: Iterable[RichGrant],
) -> RichDecision:
    """Decide what rich call data a call from `orig` carries.

    `wish` are the members of `rcd` that the caller asks for, each of which must be as it was granted; None
    asks for all there is. `nam` is signed in any case, as the claim must have it (RFC 9795 section 5.1).
    """
    problem = why_no_right(orig, trunk_name=trunk_name, trunk_kind=trunk_kind, right=right)
    if problem is not None:
        return RichDecision(None, Finding(SIGN_RCD_NUMBER, problem))
    grant = next((each for each in grants if not each.trunks or trunk_name in each.trunks), None)
    if grant is None:
        return RichDecision(None, Finding(SIGN_RCD_UNGRANTED, f"asked for by trunk {trunk_name}"))
    asked = dict(grant.rcd) if wish is None else {"nam": grant.rcd["nam"], **wish}
    for member, value in asked.items():
        if member not in grant.rcd or grant.rcd[member] != value:
            return RichDecision(None, Finding(SIGN_RCD_OTHER, f"granted by {grant.source}", member[:64]))
    claims: dict[str, object] = {"rcd": asked}
    digests = {at: digest for at, digest in grant.rcdi.items() if at.split("/")[1] in asked}
    if digests:
        claims["rcdi"] = digests
    if call_reason is not None:
        if call_reason not in grant.call_reasons:
            return RichDecision(None, Finding(SIGN_RCD_OTHER, f"granted by {grant.source}", "crn"))
        claims["crn"] = call_reason
    return RichDecision(claims, Finding(SIGN_GRANTED, f"by {grant.source} for trunk {trunk_name}"))


def decide_priority(auth: Iterable[str], *, trunk_name: str, allowed: Collection[str]) -> Finding:
    """Say whether the trunk may have these r-values signed: `sign.granted`, or why not.

    `auth` are r-values in lower case, `allowed` the namespaces its trunk has (`ets`, `wps`, `esnet`). A call
    back from a control room (`sph`) always stands beside an `esnet` value (RFC 9027 section 4).
    """
    for r_value in auth:
        if r_value.partition(".")[0] not in allowed:
            return Finding(SIGN_RPH_TRUNK, f"{r_value} on trunk {trunk_name}")
    return Finding(SIGN_GRANTED, f"by trunks.toml for trunk {trunk_name}")
