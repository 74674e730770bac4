"""The rules, each a question about one call: a hit with its data, or nothing.

Their order is `RULES`. Each looks at the presentation number first and then at the network number, as a
forged call may carry either; where the two are to be treated differently, the stricter treatment is
taken, so that no number a caller may choose softens what the other one leads to. What the numbers by
themselves say is in `number_rules.py`, what they say at the border in `abroad.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber, is_international, to_e164
from gateway.numbers.plans import PLANS
from gateway.reasons import (
    ABROAD_EXCEPTED,
    ABROAD_HOME_NUMBER,
    ABROAD_NOT_ROAMING,
    ABROAD_ROAMING_UNKNOWN,
    BRAND_PATH,
    DECISION,
    DNO,
    EMERGENCY_CALL_BACK,
    EMERGENCY_DIALLED,
    EMERGENCY_PRIORITY,
    EMERGENCY_PSAP,
    EMERGENCY_SIGNED_CALL_BACK,
    INTERCONNECT_UNAUTHENTICATED,
    NUMBER_INSERTED,
    NUMBER_INVALID,
    NUMBER_LOOK_ALIKE,
    NUMBER_NOT_A_CLI,
    NUMBER_SUSPECT,
    NUMBER_UNALLOCATED,
    REPLAY,
    REPUTATION_NEIGHBOURS,
    REPUTATION_SCORE,
    STIR_FAILED,
    Reason,
    Verstat,
)
from gateway.reputation.score import score
from gateway.verdicts.abroad import home_number_from_abroad
from gateway.verdicts.call import Call, Decision
from gateway.verdicts.case import Case
from gateway.verdicts.look_alike import look_alike
from gateway.verdicts.neighbours import neighbours
from gateway.verdicts.number_rules import (
    invalid_number,
    suspect_number,
    unallocated_number,
    unauthenticated_number,
)
from gateway.verdicts.policy import Brand, Effect
from gateway.verdicts.registered import foreign_path, never_calls_out
from gateway.verdicts.traffic_rules import TRAFFIC_RULES
from gateway.verdicts.verdict import Hit, strictness
from gateway.verification.priority import PriorityVerstat

CALLS_FOR_HELP: Final = frozenset[str]().union(*(plan.emergency_numbers for plan in PLANS.values()))
"""Of every plan, not of the home country alone: a call taken for one in error is let through, and one
not known as one may cost a life."""


def emergency(case: Case) -> Hit | None:
    """Calls for help, control rooms that call back, and signed priority are never blocked or challenged.

    Whether it is a call for help, the number says to which the call is routed: with To alone, a caller who
    writes 999 there would get through to anybody. A control room's number is a caller's mere word on an
    international trunk, where none of them calls from: there it is examined like any other.
    """
    call, rules = case.call, case.policy.emergency
    for tn in call.called:
        if tn in rules.numbers:
            return Hit(EMERGENCY_DIALLED, Effect.NONE, "policy.toml", tn, allows=True)
        if tn in CALLS_FOR_HELP:
            return Hit(EMERGENCY_DIALLED, Effect.NONE, "plan", tn, allows=True)
    if rules.psap_numbers and call.trunk_kind != TrunkKind.INTERNATIONAL:
        for tn in call.shown:
            # A control room has a full number: a call that shows 999 is forged, whatever the list says.
            if is_international(tn) and any(psap.covers(tn) for psap in rules.psap_numbers):
                return Hit(EMERGENCY_PSAP, Effect.NONE, "policy.toml", to_e164(tn), allows=True)
    signed = _signed_priority(case)
    if signed is not None:
        return signed
    if case.known.recent_emergency_caller:
        return Hit(EMERGENCY_CALL_BACK, Effect.NONE, "redis", allows=True)
    return None


def _signed_priority(case: Case) -> Hit | None:
    """A priority that was proven (RFC 8443, RFC 9027), for a call that asks for one.

    A call whose switch says that it has no Resource-Priority header is an ordinary one, whatever was signed.
    """
    proven = case.priority
    if (
        proven is None
        or proven.verstat is not PriorityVerstat.PASSED
        or case.call.resource_priority == frozenset()
    ):
        return None
    reason = EMERGENCY_PRIORITY if proven.sph is None else EMERGENCY_SIGNED_CALL_BACK
    return Hit(reason, Effect.NONE, "identity", " ".join(proven.auth), allows=True)


def decision(case: Case) -> Hit | None:
    """What an operator decided, for each number the narrowest range first; never a part of any score."""
    decided: dict[TelephoneNumber, Hit] = {}
    for found in case.known.decisions:
        if found.trunk_kind is None or found.trunk_kind == case.call.trunk_kind:
            decided.setdefault(found.tn, _decided(found))
    return max(decided.values(), key=strictness, default=None)


def _decided(found: Decision) -> Hit:
    # An action of a newer release is listed and decides nothing.
    effect = Effect(found.action) if found.action in set(Effect) else Effect.NONE
    detail = f"{to_e164(found.tn)}: {found.reason}"
    return Hit(DECISION, effect, "decision", detail, allows=found.action == "allow")


def do_not_originate(case: Case) -> Hit | None:
    """Numbers that never call out."""
    for tn in case.call.shown:
        for entry in case.policy.dno_entries.find(tn):
            if entry.expires_at is None or case.now < entry.expires_at:
                detail = f"{entry.label}: this number never calls out"
                return Hit(DNO, case.policy.dno, "dno.csv", detail)
    return never_calls_out(case)


def brand(case: Case) -> Hit | None:
    """An impersonated brand's number that came by a path its own calls do not take.

    Where several brands share a number (a group and its bank), the path of any of them will do.
    """
    call = case.call
    for tn in call.shown:
        found = case.policy.brands.find(tn)
        owners = [each for each in found if each.expires_at is None or case.now < each.expires_at]
        if owners and not any(_is_own_path(owner, call) for owner in owners):
            detail = f"{owners[0].name} does not call by trunk {call.trunk}"
            return Hit(BRAND_PATH, case.policy.brand, "brands.toml", detail)
    return foreign_path(case)


def _is_own_path(owner: Brand, call: Call) -> bool:
    if owner.trunks:
        return call.trunk in owner.trunks
    return call.trunk_kind != TrunkKind.INTERNATIONAL


def reputation(case: Case) -> Hit | None:
    """Complaints about the number, however the call was attested, as far as they speak of such calls."""
    tn, highest = worst_reputation(case)
    if tn is None:
        return None
    effect = case.policy.reputation.effect_of(highest)
    return Hit(
        REPUTATION_SCORE, effect, "reputation", f"{to_e164(tn)} scores {highest:.2f}", is_analytics=True
    )


def worst_reputation(case: Case) -> tuple[TelephoneNumber | None, float]:
    """The calling number people complained about most, and its score; (None, 0.0) where none did."""
    if not case.known.reputation:
        return None, 0.0
    path = case.path
    scored = [(tn, score(entry, today=case.today, path=path)) for tn, entry in case.known.reputation]
    tn, highest = max(scored, key=lambda each: each[1], default=(None, 0.0))
    return (tn, highest) if highest > 0 else (None, 0.0)


def stir_failed(case: Case) -> Hit | None:
    """A signature that is wrong, or whose signer nobody trusts; a missing one says nothing.

    Asked after reputation: anybody can put a false signature on a call, and where it spoke first, its
    label would replace the block that the number's record leads to.
    """
    if case.outcome.verstat is Verstat.TN_VALIDATION_FAILED:
        return Hit(STIR_FAILED, case.policy.stir_failed, "identity", case.outcome.finding.reason.words)
    return None


def replay(case: Case) -> Hit | None:
    """One PASSporT in several calls; the same call id again is a retransmission and says nothing."""
    calls = case.known.replay_calls
    if calls is None or calls < 2:
        return None
    policy = case.policy.replay
    effect = policy.effect
    if calls > policy.label_beyond and effect is Effect.NONE:
        effect = Effect.LABEL
    return Hit(REPLAY, effect, "redis", f"seen in {calls} calls")


RULES: Final[tuple[tuple[Callable[[Case], Hit | None], tuple[Reason, ...]], ...]] = (
    (
        emergency,
        (
            EMERGENCY_DIALLED,
            EMERGENCY_PSAP,
            EMERGENCY_PRIORITY,
            EMERGENCY_SIGNED_CALL_BACK,
            EMERGENCY_CALL_BACK,
        ),
    ),
    (decision, (DECISION,)),
    (do_not_originate, (DNO,)),
    (invalid_number, (NUMBER_INVALID, NUMBER_NOT_A_CLI, NUMBER_INSERTED)),
    (unallocated_number, (NUMBER_UNALLOCATED,)),
    (
        home_number_from_abroad,
        (ABROAD_HOME_NUMBER, ABROAD_NOT_ROAMING, ABROAD_ROAMING_UNKNOWN, ABROAD_EXCEPTED),
    ),
    (unauthenticated_number, (INTERCONNECT_UNAUTHENTICATED,)),
    (brand, (BRAND_PATH,)),
    (reputation, (REPUTATION_SCORE,)),
    (neighbours, (REPUTATION_NEIGHBOURS,)),
    *TRAFFIC_RULES,
    (stir_failed, (STIR_FAILED,)),
    (suspect_number, (NUMBER_SUSPECT,)),
    (look_alike, (NUMBER_LOOK_ALIKE,)),
    (replay, (REPLAY,)),
)
"""Each with the reasons it can give, in the order in which the first that speaks decides."""
