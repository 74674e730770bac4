"""Whose number it is, and which words its calls may say: the one place where both sources are asked.

The carrier's own inventory and brands stand in the policy; what owners have proven stands in the facts. Each
is enough. Facts that cannot be read give nobody a right: the call is then signed with less, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.attestation.extensions import RichGrant
from gateway.attestation.inventory import NO_RIGHT, RightToUse
from gateway.calls.plane import Facts
from gateway.facts.values import FactsUnavailable, RegistrationFact
from gateway.generation.generation import PolicyPart
from gateway.numbers.canonical import TelephoneNumber
from gateway.registry.registration import Brand
from gateway.verdicts.call import Registered


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of one trunk at one time (`now`, epoch seconds)."""

    facts: Facts | None
    """None where none are at hand: a command without a node."""
    policy: PolicyPart
    trunk: str
    now: int

    def to_use(self, tn: TelephoneNumber) -> RightToUse:
        """The right to call with the number, `NO_RIGHT` without one: nobody has it who never calls out."""
        if any(fact.never_calls_out for fact in self._registered(tn)):
            return NO_RIGHT
        return self.to_divert(tn)

    def to_divert(self, tn: TelephoneNumber) -> RightToUse:
        """The right to the number for a call that was made to it and goes on, `NO_RIGHT` without one."""
        assigned = self.policy.inventory.right_to_use(tn, self.trunk)
        registered = self._registered(tn)
        if assigned is NO_RIGHT and any(self.trunk in fact.trunks for fact in registered):
            return RightToUse("registration", self.trunk)
        return assigned

    def rich_grants(self, tn: TelephoneNumber) -> Sequence[RichGrant]:
        """What calls with the number may say of themselves; the carrier's own word comes first."""
        brands = self.policy.verdict.brands.find_smallest(tn)
        grants = [brand.rich for brand in brands if brand.rich is not None]
        own = (fact for fact in self._registered(tn) if fact.brand is not None and self.trunk in fact.trunks)
        return grants + [_grant(fact) for fact in own]

    def _registered(self, tn: TelephoneNumber) -> tuple[RegistrationFact, ...]:
        if self.facts is None:
            return ()
        facts = self.facts.registrations(tn, now=self.now)
        return () if isinstance(facts, FactsUnavailable) else facts


def registered_number(fact: RegistrationFact, tn: TelephoneNumber) -> Registered:
    """A registration as the rules look at it."""
    return Registered(
        tn=tn,
        owner=fact.owner,
        never_calls_out=fact.never_calls_out,
        trunks=fact.trunks,
        providers=fact.providers,
        brand=None
        if fact.brand is None
        else Brand(
            fact.brand,
            logo_url=fact.logo_url,
            logo_digest=fact.logo_digest,
            call_reason=fact.call_reason,
        ),
    )


def _grant(fact: RegistrationFact) -> RichGrant:
    rcd: dict[str, object] = {"nam": fact.brand}
    rcdi = {}
    if fact.logo_url is not None and fact.logo_digest is not None:
        rcd["icn"] = fact.logo_url
        rcdi["/icn"] = fact.logo_digest
    return RichGrant(
        rcd=rcd,
        source="registration",
        rcdi=rcdi,
        call_reasons=frozenset() if fact.call_reason is None else frozenset({fact.call_reason}),
        trunks=fact.trunks,
    )
