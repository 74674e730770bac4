"""Country packs: what a numbering plan says of a number by its digits alone.

`plan_for` picks the plan by country code; a country without a pack has no plan, and nothing is said of
its numbers.
"""

from __future__ import annotations

from functools import lru_cache

from gateway.numbers.canonical import TelephoneNumber, is_international
from gateway.numbers.plans.fr import FR
from gateway.numbers.plans.nanp import NANP
from gateway.numbers.plans.plan import NumberKind, Plan
from gateway.numbers.plans.uk import UK

__all__ = ["FR", "NANP", "PLANS", "UK", "NumberKind", "Plan", "classify", "plan_for"]

PLANS = {plan.name: plan for plan in (UK, NANP, FR)}
"""Every pack by the name that configuration uses."""


def plan_for(tn: TelephoneNumber) -> Plan | None:
    """Give the plan of an international number; None without a pack, and for service numbers.

    A service number carries no country: ask the plan of the place where it was dialled.
    """
    if not is_international(tn):
        return None
    # Country codes are prefix-free (E.164 section 6.2.1): at most one fits.
    for plan in PLANS.values():
        if tn.startswith(plan.country_code):
            return plan
    return None


@lru_cache(maxsize=8192)
def classify(tn: TelephoneNumber) -> tuple[Plan, NumberKind] | None:
    """Give the plan and kind of an international number; None without a pack, and for service numbers.

    Several rules ask it of the same number of one call, hence the memory.
    """
    plan = plan_for(tn)
    return None if plan is None else (plan, plan.classify(tn))
