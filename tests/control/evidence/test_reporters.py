"""A token is believed by how many of its complaints were about calls that were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.control.evidence import reporters
from gateway.control.evidence.reporters import Reporters


def test_a_help_desk_is_believed_and_one_who_guesses_is_not():
    known = Reporters()
    assert known.weight("help-desk", [True] * 50) == 1.0
    for _ in range(10):
        guessed = known.weight("griefer", [False] * 19 + [True])
    assert guessed < 0.1
    assert known.weight("help-desk", [True]) == 1.0


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
