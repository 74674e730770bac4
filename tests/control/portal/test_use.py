from __future__ import annotations

import pytest

from gateway.control.portal.use import KINDS, draw, kind_of
from gateway.record.use import Shown

DAYS = ("2027-03-01", "2027-03-02", "2027-03-03")


def shown(day, whose, outcome, path="international"):
    return Shown(1, day, path, whose, outcome)


@pytest.mark.parametrize(
    ("whose", "outcome", "kind"),
    [
        ("own", "signed-A", "own"),
        ("own", "block", "own"),
        ("foreign", "block", "stopped"),
        ("foreign", "challenge", "stopped"),
        ("foreign", "label", "passed"),
        ("foreign", "allow", "passed"),
        ("unknown", "allow", "unknown"),
    ],
)
def test_a_call_is_ones_own_or_forged_and_stopped_or_not(whose, outcome, kind):
    assert kind_of(shown(DAYS[0], whose, outcome)) == kind


def test_each_day_has_a_column_as_high_as_its_calls():
    counts = [
        (shown(DAYS[0], "own", "signed-A", "access"), 30),
        (shown(DAYS[0], "own", "allow", "access"), 10),
        (shown(DAYS[0], "foreign", "block"), 40),
        (shown(DAYS[2], "unknown", "allow", "domestic"), 20),
    ]
    chart = draw(counts, DAYS)
    assert chart.most == 80
    heights = {(bar.kind, bar.x): bar.height for bar in chart.bars}
    assert [round(height) for height in heights.values()] == [90, 90, 45]
    assert [bar.words for bar in chart.bars] == [
        "2027-03-01: 40 of your own",
        "2027-03-01: 40 forged and stopped",
        "2027-03-03: 20 of which nobody can tell",
    ]
    assert all(bar.y >= 0 and bar.y + bar.height <= chart.height + 0.01 for bar in chart.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= chart.width for bar in chart.bars)
    assert {bar.kind for bar in chart.bars} <= set(KINDS)


def test_nothing_is_drawn_where_nothing_was():
    assert draw([], DAYS).bars == ()
