"""Owners, strangers, operators and time, in any order: what must hold of all registrations together."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.numbers.ranges import NumberRange, RangeMap
from gateway.registry.policy import SECONDS_A_DAY, RegistryPolicy
from gateway.registry.proofs import Proof, ProofKind, strength
from gateway.registry.registration import Registration, Use
from gateway.registry.review import Rival, review
from gateway.registry.states import IN_FORCE, State, Step, TransitionError, transition

PROTECTED = NumberRange("442079460005")
POLICY = RegistryPolicy(protected=(RangeMap([(PROTECTED, None)]),))
RANGES = [NumberRange(f"44207946000{first}", count) for first in range(10) for count in (1, 1, 5)]


class Registry(RuleBasedStateMachine):
    """What the control plane does with the record, on a dictionary."""

    def __init__(self):
        super().__init__()
        self.now = 1_800_000_000
        self.registrations: dict[int, Registration] = {}
        self.proofs: dict[int, list[Proof]] = {}
        self.frozen_by_operator: set[int] = set()
        self.frozen_by_rival: set[int] = set()

    # What people do

    @rule(owner=st.integers(1, 3), numbers=st.sampled_from(RANGES), use=st.sampled_from(Use))
    def claim(self, owner, numbers, use):
        number = len(self.registrations) + 1
        self.proofs[number] = []
        self.registrations[number] = Registration(
            id=number, owner_id=owner, numbers=numbers, use=use, state=State.CLAIMED
        )

    @precondition(lambda self: self.registrations)
    @rule(data=st.data(), kind=st.sampled_from(ProofKind))
    def prove(self, data, kind):
        number = self._any(data)
        end = POLICY.proof_ends(kind, since=self.now)
        self.proofs[number].append(Proof(kind, self.now, end))
        self._review_all()

    @precondition(lambda self: self.registrations)
    @rule(data=st.data())
    def withdraw(self, data):
        self._step(self._any(data), Step.WITHDRAW)
        self._review_all()

    @precondition(lambda self: self.registrations)
    @rule(data=st.data(), step=st.sampled_from([Step.FREEZE, Step.AWARD, Step.DISMISS]))
    def operate(self, data, step):
        number = self._any(data)
        before = self.registrations[number].state
        self._step(number, step)
        if step is Step.FREEZE and self.registrations[number].state is not before:
            self.frozen_by_operator.add(number)
        self._review_all()

    @rule(days=st.integers(1, 200))
    def wait(self, days):
        self.now += days * SECONDS_A_DAY
        self._review_all()

    # What must hold

    @invariant()
    def no_number_stands_for_two_owners(self):
        standing = [each for each in self.registrations.values() if each.is_in_force(self.now)]
        for one in standing:
            for other in standing:
                assert one.owner_id == other.owner_id or not one.overlaps(other)

    @invariant()
    def what_is_in_force_rests_on_sufficient_proofs(self):
        for number, each in self.registrations.items():
            assert (each.state in IN_FORCE) == (each.until is not None)
            if each.is_in_force(self.now):
                kinds = {proof.kind for proof in self.proofs[number] if proof.is_in_force(self.now)}
                assert any(needed <= kinds for needed in POLICY.sufficient[self._class(each)])

    @invariant()
    def what_is_protected_is_frozen_by_operators_alone(self):
        for number in self.frozen_by_rival:
            assert not self._is_protected(self.registrations[number])

    # How it is done

    def _any(self, data):
        return data.draw(st.sampled_from(sorted(self.registrations)))

    def _is_protected(self, registration):
        return POLICY.is_protected(registration.numbers)

    def _worth(self, number):
        return strength(proof.kind for proof in self.proofs[number] if proof.is_in_force(self.now))

    def _class(self, registration):
        return POLICY.classify(registration.numbers, registration.use)

    def _review_all(self):
        for number in self.registrations:
            for _ in range(10):
                if not self._review(number):
                    break
            else:
                raise AssertionError("a review does not come to an end")

    def _review(self, number):
        mine = self.registrations[number]
        rivals = [
            Rival(each, self._is_protected(each), self._worth(each.id))
            for each in self.registrations.values()
            if each.owner_id != mine.owner_id
        ]
        result = review(
            mine,
            number_class=self._class(mine),
            proofs=self.proofs[number],
            is_proving=False,
            rivals=rivals,
            policy=POLICY,
            now=self.now,
        )
        if result.step is None:
            return False
        self._step(number, result.step, until=result.until)
        for frozen in result.freezes:
            assert self._worth(frozen) <= self._worth(number)
            self._step(frozen, Step.FREEZE)
            self.frozen_by_rival.add(frozen)
        return True

    def _step(self, number, step, *, until=None):
        mine = self.registrations[number]
        try:
            state = transition(mine.state, step)
        except TransitionError:
            assert step in (Step.WITHDRAW, Step.FREEZE, Step.AWARD, Step.DISMISS)
            return
        if step is Step.PROVE:
            mine = replace(mine, until=until)
        elif state not in IN_FORCE:
            mine = replace(mine, until=None)
        self.registrations[number] = replace(mine, state=state)


TestRegistry = Registry.TestCase
TestRegistry.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
