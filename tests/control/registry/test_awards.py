"""What operators decide, who yields to it and who is told, on both databases."""

from __future__ import annotations

import pytest

from gateway.control.registry.steps import review_due
from gateway.numbers.ranges import NumberRange
from gateway.record.registrations import overlapping, read_registrations
from gateway.registry.states import IN_FORCE
from tests.control.registry.people import BANK, POLICY, TN


async def test_an_award_ends_what_was_in_force_and_not_frozen(people):
    bank, heir = await people.owner(), await people.owner("Example Heir")
    mine, theirs = await people.claim(bank, BANK), await people.claim(heir, BANK)
    for number in (mine, theirs):
        letter = await people.offer_letter(number)
        for operator in ("token:alice", "token:bob"):
            await people.check_letter(letter, by=operator)
    assert [await people.state(each) for each in (mine, theirs)] == ["verified", "disputed"]
    await people.decide(theirs, "award")
    assert [await people.state(each) for each in (mine, theirs)] == ["withdrawn", "verified"]
    assert "was ended by an operator" in (await people.told(bank))[0]


@pytest.mark.parametrize(
    ("ported", "left"),
    [
        ("+442079460150", ["+442079460100/50", "+442079460151/49"]),
        ("+442079460100", ["+442079460101/99"]),
        ("+442079460190-0199", ["+442079460100/90"]),
        ("+442079460190-0209", ["+442079460100/90"]),
    ],
)
async def test_what_is_ported_out_of_a_range_leaves_the_rest_in_force(people, ported, left):
    whole = "+442079460100-0199"
    bank, heir = await people.owner(), await people.owner("Example Heir")
    mine, theirs = await people.claim(bank, whole), await people.claim(heir, ported)
    await people.prove_by_letter(mine)
    await people.prove_by_letter(theirs)
    assert [await people.state(each) for each in (mine, theirs)] == ["verified", "disputed"]
    await people.decide(theirs, "award")
    assert await people.state(theirs) == "verified"
    async with people.record.read() as transaction:
        kept = await read_registrations(transaction, owner_id=bank)
        found = await overlapping(transaction, NumberRange.parse(whole), states=IN_FORCE)
    ranges = [NumberRange.parse(text) for text in left]
    assert [each.numbers for each in kept] == ranges
    assert [each.state for each in kept] == ["verified"] * len(left)
    assert {each.id for each in found} == {theirs, *(each.id for each in kept)}
    assert any("stays yours" in words for words in await people.told(bank))
    assert (await people.audited(bank))[-1] == "registration.narrow"
    # What is left ends with the proof that it was verified by.
    people.now += 364 * 86_400
    assert await settled(people) == ["expiring"] * len(left)
    people.now += 2 * 86_400
    assert await settled(people) == ["claimed"] * len(left)


async def test_a_refused_letter_is_told_with_the_operators_reason(people):
    bank = await people.owner()
    mine, more = await people.claim(bank), await people.claim(bank, "+442079460300-0399")
    letter = await people.offer_letter(mine, more)
    await people.check_letter(letter, approve=False)
    told = await people.told(bank)
    assert told[0].startswith(f"Your letter for {TN} and 1 more was refused: read it. You may send another")
    assert [await people.state(each) for each in (mine, more)] == ["claimed", "claimed"]


async def test_a_proof_that_has_ended_is_worth_nothing_against_a_challenge(people):
    bank, other = await people.owner(), await people.owner("Ported to")
    mine, theirs = await people.claim(bank), await people.claim(other)
    await people.prove_by_letter(mine)
    people.now += 300 * 86_400
    await people.prove_control(mine)
    people.now += 100 * 86_400
    await people.prove_control(theirs)
    assert [await people.state(each) for each in (mine, theirs)] == ["disputed", "disputed"]


async def settled(people):
    """The states of the first owner's registrations once somebody has looked at the time."""
    await review_due(people.record, policy=POLICY, now=people.now)
    async with people.record.read() as transaction:
        return [each.state.value for each in await read_registrations(transaction, owner_id=1)]
