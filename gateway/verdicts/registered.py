"""What registered owners have said of their numbers, as rules, and the brand that a call may show.

Here are no lists: who may say what of a number was decided in `gateway.registry`, and looked up as a fact.
A missing signature on an ordinary domestic path says nothing here either; what counts is the path.
"""

from __future__ import annotations

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import to_e164
from gateway.reasons import BRAND_PATH, DNO, Verstat
from gateway.registry.registration import Brand
from gateway.verdicts.abroad import exception
from gateway.verdicts.call import Registered, Roaming
from gateway.verdicts.case import Case
from gateway.verdicts.verdict import Hit

SOURCE = "registration"


def never_calls_out(case: Case) -> Hit | None:
    """A number of which its owner has proven that it may say: it never calls out. On every path."""
    for each in case.known.registered:
        if each.never_calls_out:
            return Hit(DNO, case.policy.dno, SOURCE, f"{each.name}: this number never calls out")
    return None


def foreign_path(case: Case) -> Hit | None:
    """A registered number that came by a path its owner does not use.

    The narrowest registration of a number speaks for it; where several owners share one, any path will do.
    """
    for tn in case.call.shown:
        mine = [each for each in case.known.registered if each.tn == tn and not each.never_calls_out]
        if mine and not any(_is_own_path(each, case) for each in mine):
            detail = f"{mine[0].name} does not call by trunk {case.call.trunk}"
            return Hit(BRAND_PATH, case.policy.brand, SOURCE, f"{detail} ({to_e164(tn)})")
    return None


def brand_shown(case: Case) -> Brand | None:
    """The brand a call may be shown with: its signature passed with A, by one of its owner's providers."""
    for each in case.known.registered:
        if each.tn == case.call.orig and not each.never_calls_out and _is_signed_for(each, case):
            return each.brand
    return None


def _is_own_path(each: Registered, case: Case) -> bool:
    call, policy = case.call, case.policy
    if call.trunk in each.trunks or _is_signed_for(each, case):
        return True
    if policy.inventory.right_to_use(each.tn, call.trunk).holds_for(call.trunk):
        return True
    match call.trunk_kind:
        case TrunkKind.INTERNATIONAL:
            return call.roaming is Roaming.TRUE or exception(call, policy, each.tn) is not None
        case TrunkKind.DOMESTIC:
            # Other networks hand calls on by ways their owners do not know: only what an owner has listed
            # shuts the others, and an A by a provider it does not call through.
            listed = bool(each.trunks & policy.interconnects)
            return not listed and not (each.providers and _is_fully_attested(case))
        case _:
            # This network's own lines: the owner has said which of them are its own.
            return False


def _is_signed_for(each: Registered, case: Case) -> bool:
    if not _is_fully_attested(case):
        return False
    if case.known.is_own_signature:
        # This carrier gives A to the owner's trunks alone.
        return bool(each.trunks)
    return not each.providers.isdisjoint(case.known.spcs)


def _is_fully_attested(case: Case) -> bool:
    return case.outcome.verstat is Verstat.TN_VALIDATION_PASSED and case.outcome.attest == "A"
