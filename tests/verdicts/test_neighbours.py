from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.attestation.inventory import Inventory
from gateway.numbers.ranges import NumberRange
from gateway.reasons import REPUTATION_NEIGHBOURS
from gateway.reputation.blocks import BLOCKS, BlockEvidence
from gateway.reputation.neighbourhood import AreaBuilder, NumberDay
from gateway.verdicts.call import Known, Registered
from gateway.verdicts.decide import decide
from gateway.verdicts.policy import Effect, NeighbourPolicy, ReputationPolicy, VerdictPolicy
from gateway.verdicts.verdict import Action
from tests.verdicts.anything import CALLS, KNOWN, NUMBERS, OUTCOMES, POLICIES
from tests.verdicts.cases import CALLER, FAILED, NOW, UNSIGNED, codes, passed, replace, verdict

TODAY = NOW // 86_400


def hot_block(tn=CALLER, *, numbers=40):
    """Many neighbours of the number were seen today; it was not."""
    builder = AreaBuilder(today=TODAY)
    for line in range(100, 100 + numbers):
        neighbour = f"{tn[:-3]}{line:03d}"
        if neighbour != tn:
            builder.add(NumberDay(neighbour, TODAY, 9.0))
    [area] = builder.rest()
    return Known(neighbours=((tn, area.around(tn)[:-1]),))


@pytest.mark.parametrize("outcome", [UNSIGNED, FAILED, passed("B"), passed("C")])
def test_a_number_in_a_block_that_many_complain_of_is_labelled(outcome):
    found = verdict(outcome=outcome, known=hot_block())
    assert found.action is Action.LABEL
    [hit] = [hit for hit in found.hits if hit.reason.code == "reputation.neighbours"]
    assert "by its neighbours: " in hit.detail
    assert " numbers seen in its " in hit.detail
    assert hit.is_analytics
    assert found.score == 0.0


def test_a_call_signed_with_a_is_not_held_responsible_for_its_neighbours():
    found = verdict(outcome=passed("A"), known=hot_block())
    assert (found.action, codes(found)) == (Action.ALLOW, [])


def test_a_number_of_the_carrier_s_own_inventory_neither():
    policy = VerdictPolicy(inventory=Inventory([(NumberRange(CALLER), "pbx-7")]))
    assert verdict(known=hot_block(), policy=policy).action is Action.ALLOW


def test_a_number_that_its_owner_registered_neither():
    owned = Registered(CALLER, "Clinic", False, frozenset(), frozenset(), None)
    known = msgspec.structs.replace(hot_block(), registered=(owned,))
    assert "reputation.neighbours" not in codes(verdict(known=known))


def test_blocks_never_block_whatever_the_policy_says_of_scores():
    strict = VerdictPolicy(
        reputation=ReputationPolicy(0.01, 0.01, 0.01), neighbours=NeighbourPolicy(0.01, None)
    )
    assert verdict(known=hot_block(numbers=400), policy=strict).action is Action.LABEL
    assert {NeighbourPolicy(0.0, 0.0).effect_of(score / 100) for score in range(101)} == {Effect.CHALLENGE}


WEIGHTS = st.floats(0, 1e12)
BLOCK = st.builds(
    BlockEvidence,
    day=st.integers(TODAY - 400, TODAY + 2),
    numbers=st.integers(1, 10**9),
    fresh=WEIGHTS,
    lasting=WEIGHTS,
    fresh_spread=WEIGHTS,
    lasting_spread=WEIGHTS,
)
SEEN = st.tuples(NUMBERS, st.lists(st.none() | BLOCK, min_size=len(BLOCKS), max_size=len(BLOCKS)).map(tuple))
SCORE = st.none() | st.floats(0, 1)


@settings(max_examples=300)
@given(
    st.lists(SEEN, max_size=2).map(tuple),
    CALLS,
    OUTCOMES,
    KNOWN,
    POLICIES,
    SCORE,
    SCORE,
)
def test_evidence_of_blocks_never_blocks_whatever_it_is_and_whatever_else_is_known(
    around, call, outcome, known, policy, label_at, challenge_at
):
    """A call that is blocked is blocked without it too, and its rule never says so."""
    policy = replace(policy, neighbours=NeighbourPolicy(label_at, challenge_at))
    before = decide(call, outcome, known, policy, now=NOW)
    after = decide(call, outcome, msgspec.structs.replace(known, neighbours=around), policy, now=NOW)
    assert after.action is not Action.BLOCK or before.action is Action.BLOCK
    said = [hit.effect for hit in after.hits if hit.reason is REPUTATION_NEIGHBOURS]
    assert set(said) <= {Effect.LABEL, Effect.CHALLENGE}


def test_little_evidence_and_none_say_nothing():
    assert codes(verdict(known=hot_block(numbers=1))) == []
    assert codes(verdict(known=Known(neighbours=((CALLER, (None,) * 5),)))) == []
    silent = VerdictPolicy(neighbours=NeighbourPolicy(None, None))
    assert codes(verdict(known=hot_block(), policy=silent)) == []
