"""A plan made anew says of every number what the plan it was made from says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import UK, classify
from gateway.numbers.plans.plan import NumberKind, PrefixRow, prefix_rows

NUMBERS = [
    "442079460123",
    "447700900123",
    "448081570123",
    "449098790123",
    "999",
    "44207946012",
    "12155550123",
]


def test_a_plan_is_made_from_its_rows():
    again = replace(UK, name="again")
    for tn in map(TelephoneNumber, NUMBERS):
        assert again.classify(tn) is UK.classify(tn)
    assert len({again.classify(TelephoneNumber(tn)) for tn in NUMBERS}) > 3


def test_a_prefix_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="a prefix stands twice"):
        replace(UK, rows=(*UK.rows, UK.rows[0]))


def test_rows_differ_by_prefix_alone():
    assert prefix_rows(["20", "23"], NumberKind.INVALID, 10, 9) == [
        PrefixRow("20", NumberKind.INVALID, frozenset({9, 10})),
        PrefixRow("23", NumberKind.INVALID, frozenset({9, 10})),
    ]


def test_what_has_no_country_has_no_plan():
    assert classify(TelephoneNumber("999")) is None
    assert classify(TelephoneNumber("4930123456")) is None
    found = classify(TelephoneNumber("442079460123"))
    assert found is not None
    assert found[0] is UK
