"""Numbers that resemble another: one digit off a protected one, or a neighbour of the number that is called.

People trust what looks like their bank's number, or like one of their own street. Resembling is evidence and
nothing more: somebody honest has each of these numbers, so the rule is listed and does nothing to a call.
"""

from __future__ import annotations

from typing import Final

from gateway.numbers.canonical import is_international, to_e164
from gateway.reasons import NUMBER_LOOK_ALIKE
from gateway.verdicts.case import Case
from gateway.verdicts.policy import Effect
from gateway.verdicts.verdict import Hit

_NEIGHBOURS: Final = 3
"""Digits at the end in which a neighbour differs: the same block of a thousand."""


def look_alike(case: Case) -> Hit | None:
    """A calling number that resembles a protected one or the called one; the carrier's own are left alone."""
    call, policy = case.call, case.policy
    for tn in call.shown:
        if not is_international(tn) or policy.inventory.trunks(tn):
            continue
        if not policy.brands.find(tn) and not policy.dno_entries.find(tn):
            name = policy.look_alikes.resembles(tn)
            if name is not None:
                detail = f"{to_e164(tn)} is one digit off a number of {name}"
                return Hit(NUMBER_LOOK_ALIKE, Effect.NONE, "numbers", detail)
        for called in call.called:
            if called != tn and len(called) == len(tn) and called[:-_NEIGHBOURS] == tn[:-_NEIGHBOURS]:
                detail = f"{to_e164(tn)} is a neighbour of the called number"
                return Hit(NUMBER_LOOK_ALIKE, Effect.NONE, "numbers", detail)
    return None
