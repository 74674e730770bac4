from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.control.figures import minutes as minutes_module
from gateway.control.figures.minutes import MINUTES_KEPT, Minutes
from gateway.control.figures.totals import Totals
from tests.control.figures.calls import NOON, a_call

FIRST = int(NOON // 60)


def test_calls_are_counted_by_what_became_of_them():
    totals = Totals()
    totals.add(a_call(action="block", deciding="dno.exact"))
    totals.add(a_call(missing=("reputation", "replay")))
    totals.add(a_call(operation="signing", verstat=None, action=None, attest="A", reason="attest.granted"))
    document = totals.document()
    assert document | {"elapsed_ms": None} == {
        "calls": 3,
        "operations": {"verdict": 2, "signing": 1},
        "actions": {"allow": 1, "block": 1},
        "verstats": {"No-TN-Validation": 2},
        "attests": {"A": 1},
        "deciding": {"dno.exact": 1, "none": 1},
        "reasons": {"stir.identity.missing": 2, "attest.granted": 1},
        "missing": {"replay": 1, "reputation": 1},
        "elapsed_ms": None,
    }


def test_a_minute_has_its_calls_by_trunk_and_in_all():
    minutes = Minutes()
    minutes.take([a_call(NOON), a_call(NOON + 59.9, trunk="access-1"), a_call(NOON + 60)])
    assert [(minute - FIRST, totals.calls) for minute, totals in minutes.between(FIRST, FIRST + 5)] == [
        (0, 2),
        (1, 1),
    ]
    assert minutes.sum(FIRST, FIRST + 1, trunk="access-1").calls == 1
    assert minutes.trunks(FIRST, FIRST + 1) == ["access-1", "international-1"]


@given(st.randoms(use_true_random=False), st.integers(0, 300))
def test_sums_are_the_same_in_whatever_order_and_portions_calls_come(shuffle: random.Random, later):
    calls = [a_call(NOON + 13 * number, trunk=f"t-{number % 3}") for number in range(300)]
    shuffled = shuffle.sample(calls, len(calls))
    minutes = Minutes()
    minutes.take(shuffled[:later])
    minutes.sum(FIRST, FIRST + 65)
    minutes.take(shuffled[later:])
    assert minutes.sum(FIRST, FIRST + 65).calls == 300
    assert minutes.sum(FIRST + 3, FIRST + 64, trunk="t-1").calls == sum(
        call.trunk == "t-1" and 3 <= call.time // 60 - FIRST <= 64 for call in calls
    )


def test_a_day_is_kept_and_what_is_older_is_let_go():
    minutes = Minutes()
    for hour in range(40):
        minutes.take([a_call(NOON + hour * 3600)])
        minutes.sum(FIRST, FIRST + 40 * 60)
    kept = [minute for minute, _ in minutes.between(FIRST, FIRST + 40 * 60)]
    assert kept[0] == FIRST + 39 * 60 - MINUTES_KEPT + 60
    assert len(kept) == MINUTES_KEPT // 60
    minutes.take([a_call(NOON)])
    assert minutes.sum(FIRST, FIRST).calls == 0


def test_trunks_beyond_the_bound_are_in_the_sums_only(monkeypatch):
    monkeypatch.setattr(minutes_module, "MOST_TRUNKS", 3)
    minutes = Minutes()
    minutes.take([a_call(trunk=f"t-{number}") for number in range(10)])
    assert len(minutes.trunks(FIRST, FIRST)) == 3
    assert minutes.sum(FIRST, FIRST).calls == 10
