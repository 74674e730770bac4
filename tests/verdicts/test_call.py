"""A call as the rules see it."""

from tests.verdicts.cases import CALLED, CALLER, OTHER, a_call


def test_the_presentation_number_is_looked_at_first_and_each_number_once():
    assert a_call(CALLER, OTHER).shown == (CALLER, OTHER)
    assert a_call(CALLER, CALLER).shown == (CALLER,)
    assert a_call(None, OTHER).shown == (OTHER,)
    assert a_call(None).shown == ()


def test_who_is_called_says_the_request_uri_and_without_it_the_to_header():
    assert a_call(dests=(CALLED, OTHER)).called == (CALLED, OTHER)
    assert a_call(dests=(CALLED, "999"), request_uri=OTHER).called == (OTHER,)
