"""From everything known about a call to its verdict: ask every rule, let the first that speaks decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.reasons import DECISION, EMERGENCY_DIALLED, EMERGENCY_PSAP, Reason
from gateway.reputation.score import evidence
from gateway.verdicts.call import Call, Known
from gateway.verdicts.case import Case
from gateway.verdicts.policy import Effect, TreatmentPolicy, VerdictPolicy
from gateway.verdicts.registered import brand_shown
from gateway.verdicts.rules import RULES, worst_reputation
from gateway.verdicts.treatment import treat
from gateway.verdicts.verdict import Action, CliDisplay, Hit, Verdict
from gateway.verification.outcome import Outcome
from gateway.verification.priority import Priority

_RELEASING: Final = frozenset({EMERGENCY_PSAP, DECISION})
"""Why a caller's number may be shown, by whose number it is; other exemptions are about the call alone."""
_ACTION: Final = {
    Effect.LABEL: Action.LABEL,
    Effect.CHALLENGE: Action.CHALLENGE,
    Effect.BLOCK: Action.BLOCK,
}


def decide(
    call: Call,
    outcome: Outcome,
    known: Known,
    policy: VerdictPolicy,
    *,
    now: int,
    priority: Priority | None = None,
) -> Verdict:
    """The verdict; every rule is asked, so that all that is known stands in the answer.

    `now` is the gateway's clock in epoch seconds: what expires and what grows old does so by it, never by
    the time a switch sends. `priority` is what the call's `rph` PASSporTs prove, None without any.
    """
    case = Case(call, outcome, known, policy, now, priority)
    return _verdict(case, [hit for rule, _ in RULES if (hit := rule(case)) is not None])


def decide_each(cases: Sequence[Case]) -> list[Verdict]:
    """The verdicts on several calls, as `decide` gives each.

    A rule is asked about all of them before the next one is: from the second call on its code is at hand.
    """
    hits: list[list[Hit]] = [[] for _ in cases]
    pairs = list(zip(cases, hits, strict=True))
    for rule, _ in RULES:
        for case, found in pairs:
            hit = rule(case)
            if hit is not None:
                found.append(hit)
    return [_verdict(case, found) for case, found in pairs]


def _verdict(case: Case, hits: list[Hit]) -> Verdict:
    outcome, known, policy = case.outcome, case.known, case.policy
    deciding = None
    for hit in hits:
        if hit.speaks:
            deciding = hit
            break
    action = _action(deciding, policy.treatment)
    tn, score = worst_reputation(case)
    entry = None if tn is None else dict(known.reputation).get(tn)
    cli = _cli(case.call, hits, deciding)
    is_shown = action is not Action.BLOCK and cli is CliDisplay.PRESENT
    return Verdict(
        action=action,
        verstat=outcome.verstat,
        attest=outcome.attest,
        origid=outcome.origid,
        cli=cli,
        hits=tuple(hits),
        deciding=deciding,
        score=score,
        evidence=() if entry is None else evidence(entry, today=case.today, path=case.path),
        treatment=treat(action, deciding, policy.treatment),
        degraded=_degraded(known, action),
        brand=brand_shown(case) if known.registered and is_shown else None,
    )


def not_applied(verdict: Verdict) -> tuple[Reason, ...]:
    """What the rules that said nothing could have said, in their order; looked for when somebody asks."""
    spoken = {hit.reason for hit in verdict.hits}
    return tuple([reason for _, reasons in RULES if spoken.isdisjoint(reasons) for reason in reasons])


def _degraded(known: Known, action: Action) -> tuple[str, ...]:
    """What did not answer; `emergency` only where a call back would have been let through instead."""
    if known.recent_emergency_caller is None and action in (Action.BLOCK, Action.CHALLENGE):
        return (*known.degraded, "emergency")
    return known.degraded


def _action(deciding: Hit | None, treatment: TreatmentPolicy) -> Action:
    if deciding is None or deciding.effect is Effect.NONE:
        return Action.ALLOW
    if deciding.effect is Effect.CHALLENGE and treatment.screening_uri is None:
        # An operator's decision may ask for it where the policy never does: then there is nowhere to send
        # the call, and a label is what is left between that and refusing it.
        return Action.LABEL
    return _ACTION[deciding.effect]


def _cli(call: Call, hits: list[Hit], deciding: Hit | None) -> CliDisplay:
    """Withheld where the caller asked for it or a rule says so, whichever rule decides the action.

    Not on a call for help, which carries its number whatever the caller asked for (in Britain regulation
    16 of the Privacy and Electronic Communications Regulations 2003), and not where the caller's number
    was released. A call back is let through for the called person's sake, and a signed priority for the
    call's; that releases no number.
    """
    if deciding is not None and deciding.reason is EMERGENCY_DIALLED:
        return CliDisplay.PRESENT
    if call.anonymous:
        return CliDisplay.WITHHOLD
    if deciding is not None and deciding.allows and deciding.reason in _RELEASING:
        return CliDisplay.PRESENT
    return CliDisplay.WITHHOLD if hits and any(hit.withholds_cli for hit in hits) else CliDisplay.PRESENT
