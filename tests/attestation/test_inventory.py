from __future__ import annotations

from gateway.attestation.inventory import NO_RIGHT, Inventory, RightToUse
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange

DRAMA = NumberRange.parse("+442079460000-0999")
NUMBER = TelephoneNumber("442079460123")


def test_the_trunk_a_range_is_assigned_to_has_the_right() -> None:
    inventory = Inventory([(DRAMA, "access-1")])
    assert len(inventory) == 1
    assert inventory.right_to_use(NUMBER, "access-1") == RightToUse("inventory", "access-1")


def test_another_trunk_has_none() -> None:
    inventory = Inventory([(DRAMA, "access-1")])
    assert inventory.right_to_use(NUMBER, "access-2") is NO_RIGHT
    assert inventory.right_to_use(NUMBER, "access-1 ") is NO_RIGHT
    assert inventory.right_to_use(NUMBER, "") is NO_RIGHT


def test_an_empty_inventory_gives_nobody_a_right() -> None:
    assert Inventory().right_to_use(NUMBER, "access-1") is NO_RIGHT


def test_a_block_given_on_is_no_longer_the_wholesaler_s() -> None:
    given_on = NumberRange.parse("+442079460100-0199")
    inventory = Inventory([(DRAMA, "wholesale"), (given_on, "customer-7")])
    assert inventory.trunks(NUMBER) == ("customer-7",)
    assert inventory.right_to_use(NUMBER, "wholesale") is NO_RIGHT
    assert inventory.right_to_use(TelephoneNumber("442079460200"), "wholesale").source == "inventory"
    assert list(inventory.overlaps()) == [(DRAMA, given_on)]


def test_the_same_range_on_two_trunks_is_both_s() -> None:
    inventory = Inventory([(DRAMA, "bank-1"), (DRAMA, "bank-2")])
    assert inventory.right_to_use(NUMBER, "bank-1").holds_for("bank-1")
    assert inventory.right_to_use(NUMBER, "bank-2").holds_for("bank-2")


def test_no_right_holds_for_no_trunk() -> None:
    assert not NO_RIGHT.holds_for("")
    assert not RightToUse("inventory", "a").holds_for("b")
