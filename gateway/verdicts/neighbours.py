"""The rule about a number's neighbours: what was seen of the blocks it lies in.

It labels, or sends the call to be screened, and never blocks: nobody is silenced for what was seen of other
numbers. It says nothing of a number that is the carrier's own to assign, nor of a call signed with A.
"""

from __future__ import annotations

from gateway.numbers.canonical import to_e164
from gateway.reasons import REPUTATION_NEIGHBOURS
from gateway.reputation.block_words import words_of_blocks
from gateway.reputation.blocks import score_of_blocks
from gateway.verdicts.case import Case
from gateway.verdicts.verdict import Hit


def neighbours(case: Case) -> Hit | None:
    """The blocks around a number, from the policy's score on; without the number's own record."""
    policy = case.policy.neighbours
    if not case.known.neighbours or policy.lowest is None or case.is_attested:
        return None
    highest, worst = 0.0, None
    for tn, around in case.known.neighbours:
        if case.policy.inventory.trunks(tn) or any(owned.tn == tn for owned in case.known.registered):
            continue
        if (score := score_of_blocks(tn, around, today=case.today)) > highest:
            highest, worst = score, (tn, around)
    if worst is None or highest < policy.lowest:
        return None
    tn, around = worst
    detail = f"{to_e164(tn)} scores {highest:.2f} by its neighbours: {words_of_blocks(around)}"
    return Hit(REPUTATION_NEIGHBOURS, policy.effect_of(highest), "reputation", detail, is_analytics=True)
