"""The rules about the shape of traffic: each sign is evidence of its own, with its figures.

What a number did counts for its calls by the same path only. Where the number is proven to be the caller's
(signed with A, or the trunk's own by the inventory) its traffic is a customer's who may have been broken
into: such a call is labelled at most, so that the customer is asked before it is silenced. What its
neighbours did says nothing of a proven number, and leads any other to a challenge at most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.numbers.canonical import to_e164
from gateway.reasons import (
    HONEYPOT_CALLED,
    PROVIDER_COMPLAINTS,
    TRAFFIC_BLOCK,
    TRAFFIC_ONE_RING,
    TRAFFIC_SEQUENTIAL,
    TRAFFIC_SHORT_CALLS,
    Reason,
)
from gateway.reputation.scorecard import DOUBTED
from gateway.reputation.traffic import (
    Shape,
    TrafficLimits,
    is_mostly_short,
    one_ring,
    sequential,
    short_calls,
)
from gateway.verdicts.case import Case
from gateway.verdicts.policy import Effect
from gateway.verdicts.verdict import Hit

SOURCE: Final = "traffic"


def honeypot(case: Case) -> Hit | None:
    """Calls to numbers that nobody has: one is listed, from the policy's number on they count."""
    traffic = case.known.traffic
    if traffic is None or not traffic.number.honeypots:
        return None
    called, limit = traffic.number.honeypots, case.policy.traffic.honeypot_numbers
    effect = _of_a_number(case, case.policy.honeypot) if called >= limit else Effect.NONE
    detail = f"{_shown(case)} called {called} number{'' if called == 1 else 's'} that nobody has"
    return Hit(HONEYPOT_CALLED, effect, SOURCE, detail, is_analytics=True)


def _rule_of(
    sign: Callable[[Shape, TrafficLimits], str | None], reason: Reason
) -> Callable[[Case], Hit | None]:
    def rule(case: Case) -> Hit | None:
        traffic, limits = case.known.traffic, case.policy.traffic
        if traffic is None or traffic.number.calls < limits.least_calls:
            return None
        words = sign(traffic.number, limits)
        if words is None:
            return None
        effect = _of_a_number(case, case.policy.suspicious_traffic)
        return Hit(reason, effect, SOURCE, f"{_shown(case)}: {words}", is_analytics=True)

    return rule


def block(case: Case) -> Hit | None:
    """Many numbers of one block that all call like a machine: each too little to be seen by itself."""
    traffic, policy = case.known.traffic, case.policy
    if traffic is None or not is_mostly_short(traffic.block, policy.traffic) or is_proven(case):
        return None
    shape = traffic.block
    detail = (
        f"{_shown(case)[:-3]}…: some {shape.fresh} of a thousand numbers call; {shape.short} of "
        f"{shape.ended} calls not answered or short"
    )
    effect = _at_most(policy.suspicious_traffic, Effect.CHALLENGE)
    return Hit(TRAFFIC_BLOCK, effect, SOURCE, detail, is_analytics=True)


def provider(case: Case) -> Hit | None:
    """The provider that attested the call is complained of far too often: its A proves nothing here."""
    weight = case.known.attestation_weight
    if weight >= DOUBTED:
        return None
    detail = f"the A of {', '.join(case.outcome.chain.spc) if case.outcome.chain else 'its provider'} "
    return Hit(PROVIDER_COMPLAINTS, Effect.NONE, SOURCE, f"{detail}is worth {weight:.2f} by its scorecard")


def is_proven(case: Case) -> bool:
    """Whether the number shown is known to be the caller's own: by signature, inventory or registration."""
    tn, trunk = case.call.shown[0], case.call.trunk
    if case.is_attested or case.policy.inventory.right_to_use(tn, trunk).holds_for(trunk):
        return True
    return any(owned.tn == tn and trunk in owned.trunks for owned in case.known.registered)


def _of_a_number(case: Case, effect: Effect) -> Effect:
    return _at_most(effect, Effect.LABEL) if is_proven(case) else effect


def _at_most(effect: Effect, most: Effect) -> Effect:
    return min(effect, most, key=lambda each: each.severity)


def _shown(case: Case) -> str:
    return to_e164(case.call.shown[0])


TRAFFIC_RULES: Final[tuple[tuple[Callable[[Case], Hit | None], tuple[Reason, ...]], ...]] = (
    (honeypot, (HONEYPOT_CALLED,)),
    (_rule_of(short_calls, TRAFFIC_SHORT_CALLS), (TRAFFIC_SHORT_CALLS,)),
    (_rule_of(one_ring, TRAFFIC_ONE_RING), (TRAFFIC_ONE_RING,)),
    (_rule_of(sequential, TRAFFIC_SEQUENTIAL), (TRAFFIC_SEQUENTIAL,)),
    (block, (TRAFFIC_BLOCK,)),
    (provider, (PROVIDER_COMPLAINTS,)),
)
"""In the order in which they are asked, after reputation."""
