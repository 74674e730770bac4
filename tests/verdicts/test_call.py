"""A call as the rules see it."""

from tests.verdicts.cases import CALLER, OTHER, a_call


def test_the_presentation_number_is_looked_at_first_and_each_number_once():
    assert a_call(CALLER, OTHER).shown == (CALLER, OTHER)
    assert a_call(CALLER, CALLER).shown == (CALLER,)
    assert a_call(None, OTHER).shown == (OTHER,)
    assert a_call(None).shown == ()
