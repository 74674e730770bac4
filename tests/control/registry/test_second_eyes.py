"""Nobody is two people: a second pair of eyes is not the first one's with another credential."""

from __future__ import annotations

import pytest

from gateway.control.commands.problems import CommandError
from gateway.control.commands.tokens import TokenRequest, create_token
from gateway.control.people.accounts import create_person, reset_person
from tests.control.registry.people import BANK, NOW

ALICE, BOB = "cli:alice", "cli:bob"


async def token_by(people, maker, name):
    await create_token(people.record, TokenRequest(name=name, scopes=("operator",)), actor=maker, now=NOW)
    return f"token:{name}"


async def person_by(people, maker, name):
    made = await create_person(
        people.record, email=f"{name}@example.org", role="operator", owner_id=None, actor=maker, now=NOW
    )
    return f"person:{made.person.id}"


async def agreed(people, first, second) -> bool:
    """Whether these two were enough for a number of the bank's."""
    letter = await people.offer_letter(await people.claim(await people.owner(f"{first} {second}"), BANK))
    assert (await people.check_letter(letter, by=first)).needs_second
    try:
        await people.check_letter(letter, by=second)
    except CommandError:
        return False
    return True


async def test_two_people_are_two_whoever_gave_them_their_first_passwords(people):
    assert await agreed(people, ALICE, BOB)
    carol, dave = [await person_by(people, ALICE, name) for name in ("carol", "dave")]
    assert await agreed(people, carol, dave)
    assert await agreed(people, carol, BOB)


async def test_a_token_is_whoever_made_it_however_many_were_made_with_it(people):
    one, other = [await token_by(people, ALICE, name) for name in ("one", "other")]
    third = await token_by(people, one, "third")
    for pair in ((ALICE, one), (one, ALICE), (one, other), (other, third), (third, ALICE)):
        assert not await agreed(people, *pair), pair
    assert await agreed(people, third, BOB)


@pytest.mark.parametrize("made_by", [ALICE, "token:one"])
async def test_who_has_seen_a_persons_password_is_not_a_second_one_beside_that_person(people, made_by):
    await token_by(people, ALICE, "one")
    carol = await person_by(people, made_by, "carol")
    assert not await agreed(people, ALICE, carol)
    assert not await agreed(people, carol, "token:one")
    dave = await person_by(people, BOB, "dave")
    assert await agreed(people, ALICE, dave)
    await reset_person(people.record, int(dave.removeprefix("person:")), actor=ALICE, now=NOW)
    assert not await agreed(people, dave, ALICE)


async def test_nor_is_who_was_made_by_somebody_the_first_one_can_sign_in_as(people):
    carol = await person_by(people, ALICE, "carol")
    dave = await person_by(people, carol, "dave")
    erin = await person_by(people, await token_by(people, dave, "daves"), "erin")
    for other in (dave, erin):
        assert not await agreed(people, ALICE, other)
        assert not await agreed(people, other, ALICE)
    assert await agreed(people, erin, await person_by(people, BOB, "frank"))
