"""The attestation a call is signed with: A, B or C, or a refusal to sign.

Sources: RFC 8588 section 4 (the three values), ATIS-1000074 section 5.2.3 (what a provider asserts by
each). A says that the provider is responsible for the origination of the call, knows the customer and
knows of the customer's right to the number; B leaves the number open; C says where the call came in.

Differs from ATIS-1000082: there the `attest` of a signing request is used as it comes. Here it is a
wish, which is never exceeded and is granted as far as the carrier's own records bear it out.

Who has a right to which number is looked up before (`inventory.py`, registrations).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import msgspec

from gateway.attestation.inventory import RightToUse
from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.numbers.plans import NumberKind, classify
from gateway.reasons import (
    ATTEST_ASKED,
    ATTEST_GATEWAY,
    ATTEST_GRANTED,
    ATTEST_LOWERED,
    ATTEST_REFUSED,
    Finding,
)


class TrunkKind(StrEnum):
    """Where a call came in, from the least to the most careful kind."""

    ACCESS = "access"
    CUSTOMER = "customer"
    DOMESTIC = "domestic"
    INTERNATIONAL = "international"


class Attestation(StrEnum):
    """RFC 8588 section 4: A full, B partial, C gateway."""

    A = "A"
    B = "B"
    C = "C"


_OWN_CUSTOMERS: Final = frozenset({TrunkKind.ACCESS, TrunkKind.CUSTOMER})


@dataclass(frozen=True, slots=True)
class AttestationPolicy:
    """What a wish for A without the right to the number leads to."""

    when_no_right: Literal["lower", "refuse"] = "lower"
    without_right: Attestation = Attestation.B
    """Given instead of A on access and customer trunks; on all others it is C whatever stands here."""
    registrations_hold_seconds: int = 3600
    """How long what owners have proven gives a right while the record, where it ends, is out of reach."""

    def __post_init__(self) -> None:
        if self.without_right is Attestation.A:
            raise ValueError("without_right is B or C: A without a right is what this policy prevents")


class Decision(msgspec.Struct, frozen=True, gc=False):
    """`attest` None is a refusal to sign; the finding says why in either case."""

    attest: Attestation | None
    finding: Finding


def decide(
    *,
    wish: Attestation,
    orig: TelephoneNumber,
    trunk_name: str,
    trunk_kind: TrunkKind,
    right: RightToUse,
    policy: AttestationPolicy,
) -> Decision:
    """Decide the attestation; never higher than the wish.

    - International trunk: C. A gateway neither originates the call nor knows who does, so ATIS-1000074
      leaves it nothing else; a row of the inventory that names such a trunk does not change that. A wish
      for B is lowered even where policy refuses: refusing is for claims to a number, and B makes none.
    - Wish B or C elsewhere: honoured. Raising it would assert what the switch did not.
    - Wish A: granted if `right` is this trunk's and the number can belong to a subscriber at all, that is
      no service number, no dialled code and nothing its country's plan rules out. Else lowered or
      refused, as policy says.
    """
    gateway = trunk_kind is TrunkKind.INTERNATIONAL
    if wish is Attestation.C or (wish is Attestation.B and not gateway):
        return Decision(wish, Finding(ATTEST_ASKED, f"{wish} was asked for"))
    if wish is Attestation.B:
        return Decision(Attestation.C, Finding(ATTEST_GATEWAY, f"B was asked for on trunk {trunk_name}"))
    problem = why_no_right(orig, trunk_name=trunk_name, trunk_kind=trunk_kind, right=right)
    if problem is None:
        return Decision(Attestation.A, Finding(ATTEST_GRANTED, f"by {right.source} for trunk {trunk_name}"))
    if policy.when_no_right == "refuse":
        return Decision(None, Finding(ATTEST_REFUSED, problem))
    lowered = policy.without_right if trunk_kind in _OWN_CUSTOMERS else Attestation.C
    return Decision(lowered, Finding(ATTEST_LOWERED, problem))


def why_no_right(
    tn: TelephoneNumber, *, trunk_name: str, trunk_kind: TrunkKind, right: RightToUse
) -> str | None:
    """Say in a sentence why the trunk may not speak for the number with full weight; None if it may."""
    if trunk_kind is TrunkKind.INTERNATIONAL:
        return f"trunk {trunk_name} is a gateway, whose callers this network does not know"
    if right.lapsed:
        return "registered by its customer, but the record that says so was last reached too long ago"
    if not right.holds_for(trunk_name):
        return f"the number is not assigned to trunk {trunk_name}, nor registered by its customer"
    if not is_international(tn):
        return "a service number or dialled code is nobody's number to call from"
    known = classify(tn)
    if known is not None and known[1] is NumberKind.INVALID:
        return f"the number cannot exist in the numbering plan {known[0].name}"
    return None
