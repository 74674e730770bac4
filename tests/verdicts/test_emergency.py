from __future__ import annotations

import pytest

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import TelephoneNumber
from gateway.verdicts.emergency import MOST_CALLED_BACK, callers_to_remember, numbers_called_back
from gateway.verdicts.policy import EmergencyPolicy
from tests.verdicts.cases import CALLED, CALLER, MOBILE, OTHER, a_call, from_abroad

POLICY = EmergencyPolicy(numbers=frozenset({TelephoneNumber("555")}))


def remembered(*shown: str, dests: tuple[str, ...] = ("999",), kind: str = "access") -> tuple[str, ...]:
    return callers_to_remember(
        tuple(map(TelephoneNumber, shown)),
        tuple(map(TelephoneNumber, dests)),
        trunk_kind=TrunkKind(kind),
        policy=POLICY,
    )


@pytest.mark.parametrize("dest", ["999", "112", "911", "18000", "555"])
def test_a_customer_who_calls_for_help_is_remembered_by_every_number_the_call_shows(dest):
    assert remembered(CALLER, MOBILE, CALLER, dests=(dest,)) == (CALLER, MOBILE)


@pytest.mark.parametrize(
    ("kind", "found"), [("customer", (CALLER,)), ("domestic", ()), ("international", ())]
)
def test_only_calls_of_ones_own_customers_are_remembered(kind, found):
    assert remembered(CALLER, kind=kind) == found


@pytest.mark.parametrize("dests", [(CALLED,), ("101",), (), ("44999",)])
def test_other_calls_are_not(dests):
    assert remembered(CALLER, dests=dests) == ()


def test_a_caller_without_a_full_number_cannot_be_called_back():
    assert remembered("999", "*21#", CALLER) == (CALLER,)
    assert remembered() == ()


def test_the_called_numbers_are_asked_about_but_not_for_a_call_from_abroad():
    dests = (CALLED, "999", OTHER)
    assert numbers_called_back(a_call(dests=dests)) == (CALLED, OTHER)
    assert numbers_called_back(from_abroad(dests=dests)) == ()


def test_a_call_to_many_numbers_asks_about_the_first_ones():
    dests = tuple(f"4416149{number:05d}" for number in range(100))
    assert numbers_called_back(a_call(dests=dests)) == dests[:MOST_CALLED_BACK]


def test_a_call_back_is_one_to_where_the_call_is_routed():
    assert numbers_called_back(a_call(dests=(CALLED,), request_uri=OTHER)) == (OTHER,)
    assert numbers_called_back(a_call(dests=(CALLED,), request_uri=TelephoneNumber("999"))) == ()
