"""Whose number it is, and which words its calls may say: the one place where both sources are asked.

The carrier's own inventory and brands stand in the policy; what owners have proven stands in the facts. Each
is enough. Facts that cannot be read give nobody a right: the call is then signed with less, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.attestation.extensions import RichGrant
from gateway.attestation.inventory import LAPSED_RIGHT, NO_RIGHT, RightToUse
from gateway.calls.plane import Facts
from gateway.facts.values import Declaration, FactsUnavailable, StandingRegistration
from gateway.generation.generation import PolicyPart
from gateway.numbers.canonical import TelephoneNumber
from gateway.registry.registration import Brand
from gateway.verdicts.call import Registered


class Rights(msgspec.Struct, frozen=True, gc=False):
    """The rights of one trunk at one time (`now`, epoch seconds)."""

    facts: Facts | None
    """None where none are at hand: a command without a node."""
    policy: PolicyPart
    trunk: str
    now: int
    _found: dict[TelephoneNumber, tuple[StandingRegistration, ...]] = {}
    """A call asks for the same number by several ways; it is looked up once."""

    def to_use(self, tn: TelephoneNumber) -> RightToUse:
        """The right to call with the number, `NO_RIGHT` without one: nobody has it who never calls out."""
        registered = self._registered(tn)
        if registered and any(fact.declared.never_calls_out for fact in registered):
            return NO_RIGHT
        return self.to_divert(tn)

    def to_divert(self, tn: TelephoneNumber) -> RightToUse:
        """The right to the number for a call that was made to it and goes on, `NO_RIGHT` without one."""
        assigned = self.policy.inventory.right_to_use(tn, self.trunk)
        registered = self._registered(tn)
        if assigned is NO_RIGHT and any(self.trunk in fact.declared.trunks for fact in registered):
            return RightToUse("registration", self.trunk) if self._hold() else LAPSED_RIGHT
        return assigned

    def rich_grants(self, tn: TelephoneNumber) -> Sequence[RichGrant]:
        """What calls with the number may say of themselves; the carrier's own word comes first."""
        brands = self.policy.verdict.brands.find_smallest(tn)
        grants = [brand.rich for brand in brands if brand.rich is not None]
        own = [fact.declared for fact in self._registered(tn) if self.trunk in fact.declared.trunks]
        if own and self._hold():
            grants += [_grant(each.brand, each.trunks) for each in own if each.brand is not None]
        return grants

    def _hold(self) -> bool:
        """Whether registrations still give something: one that was taken back might not be heard of."""
        longest = self.policy.attestation.registrations_hold_seconds
        return self.facts is not None and self.facts.age_seconds(now=self.now) <= longest

    def _registered(self, tn: TelephoneNumber) -> tuple[StandingRegistration, ...]:
        if self.facts is None:
            return ()
        found = self._found.get(tn)
        if found is None:
            facts = self.facts.registrations(tn, now=self.now)
            found = self._found[tn] = () if isinstance(facts, FactsUnavailable) else facts
        return found


def registered_number(declared: Declaration, tn: TelephoneNumber) -> Registered:
    """What is declared of a number, as the rules look at it."""
    return Registered(
        tn, declared.owner, declared.never_calls_out, declared.trunks, declared.providers, declared.brand
    )


def _grant(brand: Brand, trunks: frozenset[str]) -> RichGrant:
    rcd: dict[str, object] = {"nam": brand.name}
    rcdi = {}
    if brand.logo_url is not None and brand.logo_digest is not None:
        rcd["icn"] = brand.logo_url
        rcdi["/icn"] = brand.logo_digest
    return RichGrant(
        rcd=rcd,
        source="registration",
        rcdi=rcdi,
        call_reasons=frozenset() if brand.call_reason is None else frozenset({brand.call_reason}),
        trunks=trunks,
    )
