from __future__ import annotations

import itertools

import pytest

from gateway.registry.states import IN_FORCE, LIVE, TRANSITIONS, State, Step, TransitionError, transition


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_what_is_not_in_the_table_cannot_happen(state, step):
    if (state, step) in TRANSITIONS:
        assert transition(state, step) is TRANSITIONS[state, step]
    else:
        with pytest.raises(TransitionError, match=f"that is {state} cannot"):
            transition(state, step)


def test_nothing_leads_out_of_withdrawn():
    assert not [step for state, step in TRANSITIONS if state is State.WITHDRAWN]


def test_every_live_registration_can_be_given_up_and_dismissed():
    for state in LIVE:
        assert transition(state, Step.WITHDRAW) is transition(state, Step.DISMISS) is State.WITHDRAWN


def test_only_proofs_bring_a_registration_into_force():
    """A dispute that is won is no proof."""
    leading = {step for (state, step), to in TRANSITIONS.items() if to in IN_FORCE and state is not to}
    assert leading == {Step.PROVE, Step.NEAR_END}
    assert {state for (state, step), _ in TRANSITIONS.items() if step is Step.NEAR_END} == {State.VERIFIED}
