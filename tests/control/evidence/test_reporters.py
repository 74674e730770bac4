"""A token is believed by how many of its complaints were about calls that were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.control.evidence import reporters
from gateway.control.evidence.reporters import Reporters
from gateway.control.evidence.reports import UNMATCHED_WEIGHT
from gateway.numbers.canonical import TelephoneNumber
from gateway.reputation.blocks import score_of_rate
from gateway.reputation.foresight import Foresight
from gateway.reputation.neighbourhood import NumberDay
from gateway.verdicts.policy import NeighbourPolicy


def test_a_help_desk_is_believed_and_one_who_guesses_is_not():
    known = Reporters()
    assert known.weight("help-desk", [True] * 50) == 1.0
    for _ in range(10):
        guessed = known.weight("griefer", [False] * 19 + [True])
    assert guessed < 0.1
    assert known.weight("help-desk", [True]) == 1.0


def test_one_who_makes_complaints_up_about_a_number_s_neighbours_does_not_get_it_labelled():
    victim, known = TelephoneNumber("442079460555"), Reporters()
    # The nearest first, one by one: the first complaints are believed most.
    neighbours = sorted(
        (TelephoneNumber(f"442079460{line:03d}") for line in range(1000) if line != 555),
        key=lambda tn: (tn[:-1] != victim[:-1], tn[:-2] != victim[:-2]),
    )
    weights = {tn: UNMATCHED_WEIGHT * known.weight("griefer", [False]) for tn in neighbours}
    foresight = Foresight([victim], today=20_000)
    for tn, weight in sorted(weights.items()):
        foresight.add(NumberDay(tn, 20_000, weight))
    foresight.finish()
    assert score_of_rate(foresight.rates[0]) < NeighbourPolicy().label_at


@given(st.lists(st.lists(st.booleans(), min_size=1), min_size=1))
def test_a_weight_is_one_a_sighting_may_have(batches):
    known = Reporters()
    for batch in batches:
        assert 0 < known.weight("token", batch) <= 1


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(reporters, "MOST_TOKENS", 3)
    known = Reporters()
    for name in "abcde":
        known.weight(name, [False] * 5000)
    assert len(known._last) <= 3
    assert all(len(last) <= reporters.REMEMBERED for last in known._last.values())
