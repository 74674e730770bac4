"""Numbers of the carrier's own country on an international trunk, and when they may be there.

Sources: Ofcom, guidance on CLI facilities as in force on 29 January 2025 (calls from abroad do not use a UK
number, as network or presentation number, but for four cases); Ofcom's consultation of 28 July 2025 (a UK
mobile number from abroad is withheld unless the phone is known to roam). The cases, and what shows here
that a call is one:

1. a mobile of ours that roams: the switch's or the roaming check's word on it (`roaming`);
2. a call to a mobile that roams with us: its Request-URI is a roaming number of ours, given to a visitor;
3. traffic that began on a network of our country: the operator says so of the trunk (`home_origin`);
4. a customer of our country on a foreign network: the number is assigned to the trunk in inventory.csv.

The second and third excuse the network number. A presentation number of its own needs the first or fourth.
"""

from __future__ import annotations

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.numbers.plans import PLANS, Plan, plan_for
from gateway.numbers.plans.plan import FromAbroad
from gateway.reasons import (
    ABROAD_EXCEPTED,
    ABROAD_HOME_NUMBER,
    ABROAD_NOT_ROAMING,
    ABROAD_ROAMING_UNKNOWN,
)
from gateway.verdicts.call import Call, Roaming
from gateway.verdicts.case import Case
from gateway.verdicts.policy import Effect, UnknownRoaming, VerdictPolicy
from gateway.verdicts.verdict import Hit, strictness


def home_number_from_abroad(case: Case) -> Hit | None:
    """A home number on an international trunk, excepted or not."""
    if case.call.trunk_kind != TrunkKind.INTERNATIONAL:
        return None
    home = PLANS[case.policy.treatment.country_pack.value]
    found = [_from_abroad(case, home, tn) for tn in case.call.shown if plan_for(tn) is home]
    return max((hit for hit in found if hit is not None), key=strictness, default=None)


def numbers_that_may_roam(call: Call, policy: VerdictPolicy) -> tuple[TelephoneNumber, ...]:
    """The calling numbers for which whether the phone roams decides, and nobody has said so."""
    if call.trunk_kind != TrunkKind.INTERNATIONAL or call.roaming is not Roaming.UNKNOWN:
        return ()
    home = PLANS[policy.treatment.country_pack.value]
    return tuple(
        tn
        for tn in call.shown
        if plan_for(tn) is home
        and home.from_abroad.get(home.classify(tn)) is FromAbroad.ROAMS
        and exception(call, policy, tn) is None
    )


def _from_abroad(case: Case, home: Plan, tn: TelephoneNumber) -> Hit | None:
    rule = home.from_abroad.get(home.classify(tn), FromAbroad.HOME)
    if rule is FromAbroad.FREE:
        return None
    excepted = exception(case.call, case.policy, tn)
    if excepted is not None:
        return excepted
    if rule is FromAbroad.ROAMS:
        return _roaming(case, home, tn)
    return Hit(ABROAD_HOME_NUMBER, case.policy.home_number_from_abroad, "policy.toml", to_e164(tn))


def exception(call: Call, policy: VerdictPolicy, tn: TelephoneNumber) -> Hit | None:
    """Why a home number may come from abroad; None where nothing excepts it."""
    if policy.inventory.right_to_use(tn, call.trunk).holds_for(call.trunk):
        detail = f"{to_e164(tn)} is assigned to trunk {call.trunk}"
        return Hit(ABROAD_EXCEPTED, Effect.NONE, "inventory.csv", detail)
    if not _is_network_number(call, tn):
        return None
    if call.trunk in policy.home_origin_trunks:
        detail = f"calls by trunk {call.trunk} begin on a network of this country"
        return Hit(ABROAD_EXCEPTED, Effect.NONE, "trunks.toml", detail)
    # Of the Request-URI alone: what stands in To is the caller's own word.
    called = call.request_uri
    if called is not None and any(numbers.covers(called) for numbers in policy.visitor_numbers):
        return Hit(ABROAD_EXCEPTED, Effect.NONE, "policy.toml", "the called mobile roams in this country")
    return None


def _is_network_number(call: Call, tn: TelephoneNumber) -> bool:
    """Whether it says where the call comes from; where the call carries one number, that one does."""
    return tn == call.network_tn or call.network_tn is None


def _roaming(case: Case, home: Plan, tn: TelephoneNumber) -> Hit | None:
    policy = case.policy
    if case.call.roaming is Roaming.TRUE:
        return None
    if case.call.roaming is Roaming.FALSE:
        return Hit(ABROAD_NOT_ROAMING, policy.home_mobile_not_roaming, "policy.toml", to_e164(tn))
    if home.signature_shows_roamer and tn == case.call.orig and case.outcome.attest == "A":
        return None
    choice = policy.home_mobile_roaming_unknown
    return Hit(
        ABROAD_ROAMING_UNKNOWN,
        Effect.BLOCK if choice is UnknownRoaming.BLOCK else Effect.NONE,
        "policy.toml",
        to_e164(tn),
        withholds_cli=choice is UnknownRoaming.WITHHOLD,
    )
