from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.plans.shapes import WELL_FORMED, NumberShape, number_at


def test_the_nanp_has_six_thousand_four_hundred_million_numbers():
    [shape] = WELL_FORMED["nanp"]
    assert shape.size == 800 * 800 * 10_000
    assert shape.number_at(0) == "12002000000"
    assert shape.number_at(shape.size - 1) == "19999999999"


@given(st.integers(0, 6_400_000_000 - 2))
def test_places_are_in_the_order_of_the_numbers(place):
    [shape] = WELL_FORMED["nanp"]
    assert shape.number_at(place) < shape.number_at(place + 1)


@given(st.integers(0, 6_400_000_000 - 1))
def test_every_number_of_a_shape_is_held_by_it(place):
    [shape] = WELL_FORMED["nanp"]
    assert shape.holds(shape.number_at(place))


@pytest.mark.parametrize(
    "tn", ["11025550123", "12021550123", "120255501234", "1202555012", "442079460123", ""]
)
def test_other_numbers_are_not(tn):
    assert not NumberShape("1NXXNXXXXXX").holds(tn)


def test_the_last_place_of_several_shapes_is_the_last_number():
    shapes = (NumberShape("441XXXXX"), NumberShape("33ZXXXXX"))
    assert number_at(shapes, 99_999) == "44199999"
    assert number_at(shapes, 100_000) == "33100000"
    with pytest.raises(IndexError):
        number_at(shapes, 100_000 + 900_000)


@pytest.mark.parametrize("text", ["", "NXX", "1nxx5550123", "1-NXX", "1" * 16, "12", "+1NXXNXXXXXX"])
def test_what_is_no_shape_is_refused(text):
    with pytest.raises(ValueError, match="is not the shape of a number"):
        NumberShape(text)
