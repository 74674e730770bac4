"""Look-alikes are listed and do nothing."""

from __future__ import annotations

from gateway.attestation.inventory import Inventory
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.look_alikes import LookAlikes
from gateway.numbers.ranges import NumberRange
from gateway.verdicts.verdict import Action
from tests.verdicts.cases import CALLED, CALLER, POLICY, a_call, brands, codes, replace, verdict

BANK = TelephoneNumber("442079460124")
ALIKE = replace(POLICY, look_alikes=LookAlikes([(NumberRange(BANK), "Example Bank")]))
NEIGHBOUR = f"{CALLED[:-3]}321"


def test_a_number_one_digit_off_a_brands_is_noted_and_the_call_goes_on():
    found = verdict(a_call(CALLER), policy=ALIKE)
    assert (found.action, codes(found)) == (Action.ALLOW, ["number.look-alike"])
    assert found.hits[0].detail == "+442079460123 is one digit off a number of Example Bank"


def test_a_neighbour_of_the_called_number_is_noted():
    found = verdict(a_call(NEIGHBOUR))
    assert (found.action, codes(found)) == (Action.ALLOW, ["number.look-alike"])


def test_the_called_number_itself_is_no_neighbour():
    assert verdict(a_call(CALLED)).hits == ()


def test_a_brands_own_number_resembles_nothing():
    policy = replace(brands(("Example Bank", CALLER, frozenset())), look_alikes=ALIKE.look_alikes)
    assert verdict(a_call(CALLER), policy=policy).hits == ()


def test_the_carriers_own_customers_resemble_nothing():
    policy = replace(ALIKE, inventory=Inventory([(NumberRange(CALLER), "access-1")]))
    assert verdict(a_call(CALLER), policy=policy).hits == ()
