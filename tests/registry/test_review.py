"""Each rule of a review on its own; `test_machine.py` has them all together."""

from __future__ import annotations

import pytest

from gateway.numbers.ranges import NumberRange
from gateway.registry.policy import SECONDS_A_DAY, NumberClass, RegistryPolicy
from gateway.registry.proofs import Proof, ProofKind, Strength
from gateway.registry.registration import Registration, Use
from gateway.registry.review import Review, Rival, review
from gateway.registry.states import State, Step

NOW = 1_800_000_000
POLICY = RegistryPolicy()
NUMBER = NumberRange("442079460123")
BLOCK = NumberRange("442079460000", 1_000)


def a_registration(**changes):
    values = {"id": 1, "owner_id": 1, "numbers": NUMBER, "use": Use.CALLING, "state": State.PROVING}
    return Registration(**(values | changes))


def a_proof(kind, *, days=180, since=NOW):
    return Proof(kind, since=since, until=since + days * SECONDS_A_DAY)


def standing(*, worth=Strength.CONTROL, **changes):
    values = {"id": 2, "owner_id": 2, "state": State.VERIFIED, "until": NOW + 10**6}
    return Rival(a_registration(**(values | changes)), is_protected=False, worth=worth)


def look(registration, *proofs, rivals=(), number_class=NumberClass.SINGLE, is_proving=False, now=NOW):
    return review(
        registration,
        number_class=number_class,
        proofs=proofs,
        is_proving=is_proving,
        rivals=rivals,
        policy=POLICY,
        now=now,
    )


CODE, CALL = a_proof(ProofKind.CODE), a_proof(ProofKind.CALL)
CERTIFICATE, LETTER = a_proof(ProofKind.CERTIFICATE), a_proof(ProofKind.LETTER)


@pytest.mark.parametrize(
    ("number_class", "proofs", "is_enough"),
    [
        (NumberClass.SINGLE, (CODE,), False),
        (NumberClass.SINGLE, (CALL,), False),
        (NumberClass.SINGLE, (CODE, CALL), True),
        (NumberClass.SINGLE, (LETTER,), True),
        (NumberClass.NEVER_CALLS_OUT, (CODE,), True),
        (NumberClass.NEVER_CALLS_OUT, (CALL,), False),
        (NumberClass.RANGE, (CODE, CALL), False),
        (NumberClass.RANGE, (CERTIFICATE,), True),
        (NumberClass.PROTECTED, (CODE, CALL, CERTIFICATE), False),
        (NumberClass.PROTECTED, (LETTER,), True),
    ],
)
def test_each_class_of_numbers_asks_for_its_own_proofs(number_class, proofs, is_enough):
    result = look(a_registration(), *proofs, number_class=number_class)
    assert (result.step is Step.PROVE) is is_enough


def test_it_lasts_as_long_as_the_first_proof_it_needs_to_end():
    short = a_proof(ProofKind.CALL, days=10)
    assert look(a_registration(), CODE, short).until == short.until
    assert look(a_registration(), CODE, short, CALL).until == CALL.until
    assert look(a_registration(), CODE, short, LETTER).until == LETTER.until


def test_a_proof_that_ended_counts_for_nothing():
    old = a_proof(ProofKind.CALL, days=1, since=NOW - 2 * SECONDS_A_DAY)
    assert look(a_registration(), CODE, old) == Review(None)


def test_what_has_ended_lapses_before_a_new_proof_counts():
    ended = a_registration(state=State.VERIFIED, until=NOW)
    assert look(ended, LETTER, rivals=[standing()]).step is Step.LAPSE
    running = a_registration(state=State.VERIFIED, until=NOW + 1)
    assert look(running, LETTER).step is Step.PROVE


def test_who_is_not_proven_challenges_nobody():
    assert look(a_registration(), CODE, rivals=[standing()]) == Review(None)


@pytest.mark.parametrize(
    ("mine", "theirs", "freezes"),
    [
        ((CODE, CALL), Strength.CONTROL, (2,)),
        ((CODE, CALL), Strength.RIGHT, ()),
        ((LETTER,), Strength.RIGHT, (2,)),
        ((LETTER,), Strength.CONTROL, (2,)),
    ],
)
def test_a_proven_challenge_is_disputed_and_freezes_what_is_no_stronger(mine, theirs, freezes):
    result = look(a_registration(), *mine, rivals=[standing(worth=theirs)])
    assert (result.step, result.freezes) == (Step.CONTEST, freezes)


def test_whoever_stays_in_force_beside_a_proven_challenge_is_named():
    strong = standing(worth=Strength.RIGHT)
    frozen = standing(id=3, state=State.DISPUTED, until=None)
    result = look(a_registration(), CODE, CALL, rivals=[strong, frozen, standing(id=4)])
    assert (result.freezes, result.withstand) == ((4,), (2,))


def test_on_the_protected_list_nobody_is_frozen_without_an_operator():
    for rivals, number_class in (
        ([standing()], NumberClass.PROTECTED),
        ([Rival(standing().registration, is_protected=True, worth=Strength.CONTROL)], NumberClass.SINGLE),
    ):
        result = look(a_registration(), LETTER, rivals=rivals, number_class=number_class)
        assert (result.step, result.freezes) == (Step.CONTEST, ())


def test_a_part_never_freezes_the_whole():
    rival = standing(numbers=BLOCK, worth=Strength.RIGHT)
    assert look(a_registration(), CERTIFICATE, rivals=[rival]).freezes == ()
    whole = a_registration(numbers=BLOCK)
    assert look(whole, CERTIFICATE, rivals=[rival], number_class=NumberClass.RANGE).freezes == (2,)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"state": State.PROVING, "until": None}, Step.PROVE),
        ({"state": State.WITHDRAWN, "until": None}, Step.PROVE),
        ({"until": NOW}, Step.PROVE),
        ({"numbers": NumberRange("442079460124")}, Step.PROVE),
        ({"state": State.DISPUTED, "until": None}, Step.CONTEST),
        ({"state": State.EXPIRING}, Step.CONTEST),
    ],
)
def test_only_what_stands_or_is_disputed_is_in_the_way(changes, step):
    assert look(a_registration(), LETTER, rivals=[standing(**changes)]).step is step


def test_the_end_is_told_before_it_comes():
    soon = a_proof(ProofKind.LETTER, days=29)
    verified = a_registration(state=State.VERIFIED, until=soon.until)
    assert look(verified, soon).step is Step.NEAR_END
    expiring = a_registration(state=State.EXPIRING, until=soon.until)
    assert look(expiring, soon) == Review(None)
    assert look(expiring, soon, LETTER).step is Step.PROVE
    assert look(expiring, soon, now=soon.until).step is Step.LAPSE


def test_a_claim_is_proving_while_a_proof_is_under_way():
    claimed = a_registration(state=State.CLAIMED)
    assert look(claimed) == Review(None)
    assert look(claimed, is_proving=True).step is Step.BEGIN
    assert look(a_registration(), is_proving=True) == Review(None)
    assert look(a_registration()).step is Step.FORGET


@pytest.mark.parametrize("state", [State.DISPUTED, State.WITHDRAWN])
def test_proofs_end_no_dispute_and_wake_nothing(state):
    assert look(a_registration(state=state), LETTER, CODE, CALL) == Review(None)
