"""What the numbers of a call say by themselves, by the country pack of each (`gateway/numbers/plans/`).

The presentation number (what the called person would see) and the network number (where the call comes
from) are held to different rules: in Britain both must be valid, and only the first can be called back
(General Condition C6.4 and Ofcom's guidance on it). A call with one number shows it in both places.
"""

from __future__ import annotations

from gateway.attestation.decide import TrunkKind
from gateway.numbers.allocations import BlockStatus
from gateway.numbers.canonical import TelephoneNumber, is_international, to_e164
from gateway.numbers.plans import PLANS, NumberKind, Plan, classify, plan_for
from gateway.numbers.plans.plan import CliUse
from gateway.reasons import (
    INTERCONNECT_UNAUTHENTICATED,
    NUMBER_INSERTED,
    NUMBER_INVALID,
    NUMBER_NOT_A_CLI,
    NUMBER_SUSPECT,
    NUMBER_UNALLOCATED,
    Verstat,
)
from gateway.verdicts.case import Case
from gateway.verdicts.policy import Effect
from gateway.verdicts.verdict import Hit, strictness


def invalid_number(case: Case) -> Hit | None:
    """Numbers that no telephone has, that calls may not carry, and those that are never to be shown."""
    worst: Hit | None = None
    for tn in case.call.shown:
        hit = _invalid(case, tn)
        if hit is not None and (worst is None or strictness(hit) > strictness(worst)):
            worst = hit
    return worst


def _invalid(case: Case, tn: TelephoneNumber) -> Hit | None:
    effect = case.policy.invalid_number
    if not is_international(tn):
        return Hit(NUMBER_NOT_A_CLI, effect, "plan", f"{tn} is a short code")
    known = classify(tn)
    if known is None:
        return None
    plan, kind = known
    if kind is NumberKind.INVALID:
        return Hit(NUMBER_INVALID, effect, "plan", f"{to_e164(tn)} fits no {plan.name} number")
    use = _use(case, plan, kind, tn)
    if use is CliUse.NEVER:
        return Hit(NUMBER_NOT_A_CLI, effect, "plan", f"{to_e164(tn)} is a {kind.value} number")
    if use is CliUse.WITHHOLD:
        return Hit(NUMBER_INSERTED, Effect.NONE, "plan", to_e164(tn), withholds_cli=True)
    return None


def unallocated_number(case: Case) -> Hit | None:
    """Numbers in a block that the regulator's loaded list says is nobody's; without one nothing is said.

    General Condition C6.6 (a UK number is shown as allocated in the National Numbering Scheme), 47 CFR
    64.1200(k)(2)(iii). A number of the carrier's own inventory has been given out, whatever an old list says.
    """
    policy = case.policy
    for tn in case.call.shown:
        holding = policy.allocations.holding(tn)
        if holding is None or holding.status is BlockStatus.ALLOCATED:
            continue
        if not policy.inventory.trunks(tn):
            detail = f"{to_e164(tn)}: {holding.status.value} by the list of {holding.source}"
            return Hit(NUMBER_UNALLOCATED, policy.unallocated_number, "allocations.csv", detail)
    return None


def suspect_number(case: Case) -> Hit | None:
    """Numbers that calls may show on conditions nobody can see; asked late, as they earn a label at most."""
    for tn in case.call.shown:
        known = classify(tn)
        if known is not None and _use(case, *known, tn) is CliUse.SUSPECT:
            detail = f"{to_e164(tn)} is a {known[1].value} number"
            return Hit(NUMBER_SUSPECT, case.policy.suspect_number, "plan", detail)
    return None


def _use(case: Case, plan: Plan, kind: NumberKind, tn: TelephoneNumber) -> CliUse:
    rules = plan.presentation if tn == case.call.orig else plan.network
    return rules.get(kind, CliUse.MAY)


def unauthenticated_number(case: Case) -> Hit | None:
    """A home number that crossed the national interconnect without a signature that passed.

    In France such calls are cut (law 2020-901; MAN v1.7, rule P59, whose SIP answers are those of RFC 8224
    section 6.2.2). Elsewhere most domestic calls carry none: the policy's default is to note nothing.
    """
    policy, finding = case.policy, case.outcome.finding
    if case.call.trunk_kind != TrunkKind.DOMESTIC or policy.unauthenticated_number is Effect.NONE:
        return None
    # A certificate that is not here yet is our trouble and not the caller's (`stir.credential.pending`).
    if case.outcome.verstat is Verstat.TN_VALIDATION_PASSED or finding.reason.case == "E8":
        return None
    home = PLANS[policy.treatment.country_pack.value]
    tn = next((tn for tn in case.call.shown if plan_for(tn) is home), None)
    if tn is None:
        return None
    return Hit(
        INTERCONNECT_UNAUTHENTICATED,
        policy.unauthenticated_number,
        "policy.toml",
        f"{to_e164(tn)}: {finding.reason.words}",
        cause=finding.reason.cause,
    )
