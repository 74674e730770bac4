"""Every way to somebody else's number that is known (registration, codes, disputes), on both databases."""

from __future__ import annotations

import asyncio

import pytest

from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry import calls
from gateway.control.registry.steps import review_due
from gateway.numbers.canonical import TelephoneNumber
from gateway.registry.codes import CALL_SECONDS, CODE_SECONDS, MOST_TRIES
from gateway.registry.policy import SECONDS_A_DAY
from gateway.registry.registration import Use
from tests.control.registry.people import BANK, DESTINATION, POLICY, TN


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_from_a_claim_to_a_verified_number(people):
    owner = await people.owner()
    number = await people.claim(owner)
    assert await people.state(number) == "claimed"
    await people.prove_by_code(number)
    assert await people.state(number) == "proving"
    await people.prove_by_call(number)
    assert await people.state(number) == "verified"
    assert await people.told(owner) == [f"{TN} is verified."]
    assert await people.audited(owner) == [
        "owner.create",
        "registration.claim",
        "proof.begin",
        "registration.begin",
        "proof.give",
        "proof.begin",
        "proof.give",
        "registration.prove",
    ]


async def test_a_strangers_claim_is_taken_changes_nothing_and_is_told_the_holder_alone(people):
    bank, stranger = await people.owner(), await people.owner("Mallory")
    mine = await people.claim(bank)
    await people.prove_control(mine)
    before = await people.told(bank)
    theirs = await people.claim(stranger)
    assert await people.state(mine) == "verified"
    assert await people.state(theirs) == "claimed"
    assert await people.told(stranger) == []
    assert "Somebody else has claimed" in (await people.told(bank))[0]
    # Once a day, however often it is tried.
    await people.withdraw(theirs)
    await people.claim(stranger)
    assert len(await people.told(bank)) == len(before) + 1
    assert (await people.audited(bank))[-1] == "registration.challenge"


async def test_weaker_proof_disputes_and_moves_nobody(people):
    bank, stranger = await people.owner(), await people.owner("Mallory")
    mine = await people.claim(bank)
    await people.prove_by_letter(mine)
    theirs = await people.claim(stranger)
    await people.prove_control(theirs)
    assert [await people.state(each) for each in (mine, theirs)] == ["verified", "disputed"]


async def test_equal_proof_freezes_both_until_an_operator_decides(people):
    bank, other = await people.owner(), await people.owner("Ported to")
    mine, theirs = await people.claim(bank), await people.claim(other)
    await people.prove_control(mine)
    await people.prove_control(theirs)
    assert [await people.state(each) for each in (mine, theirs)] == ["disputed", "disputed"]
    assert "is frozen" in (await people.told(bank))[0]
    await people.decide(theirs, "award")
    assert [await people.state(each) for each in (mine, theirs)] == ["withdrawn", "verified"]
    assert "was ended by an operator" in (await people.told(bank))[0]


async def test_what_is_protected_takes_two_operators_and_is_frozen_by_none_but_them(people):
    bank, stranger = await people.owner(), await people.owner("Mallory")
    mine, theirs = await people.claim(bank, BANK), await people.claim(stranger, BANK)
    letter = await people.offer_letter(mine)
    assert (await people.check_letter(letter)).needs_second
    assert await people.state(mine) == "proving"
    with pytest.raises(CommandError, match="another operator"):
        await people.check_letter(letter)
    await people.check_letter(letter, by="token:bob")
    assert await people.state(mine) == "verified"
    forged = await people.offer_letter(theirs)
    await people.check_letter(forged)
    await people.check_letter(forged, by="token:bob")
    assert [await people.state(each) for each in (mine, theirs)] == ["verified", "disputed"]
    assert f"Somebody else has proven {BANK} too" in (await people.told(bank))[0]
    assert (await people.audited(bank))[-1] == "registration.withstand"
    await people.decide(mine, "freeze")
    assert await people.state(mine) == "disputed"


async def test_two_hundred_guesses_at_once_are_five_tries(people):
    number = await people.claim(await people.owner())
    begun = await people.begin_code(number)
    proof = begun.begun.proof.id
    results = await asyncio.gather(
        *(people.confirm(proof, wrong(begun.code)) for _ in range(200)), return_exceptions=True
    )
    troubles = [each.trouble for each in results]
    assert troubles.count(Trouble.INVALID) == MOST_TRIES
    assert troubles.count(Trouble.GONE) == 200 - MOST_TRIES
    with pytest.raises(CommandError, match="begin another"):
        await people.confirm(proof, begun.code)
    assert await people.state(number) == "claimed"


async def test_of_a_hundred_confirmations_at_once_one_counts(people):
    number = await people.claim(await people.owner())
    begun = await people.begin_code(number)
    results = await asyncio.gather(
        *(people.confirm(begun.begun.proof.id, begun.code) for _ in range(100)), return_exceptions=True
    )
    assert sum(not isinstance(each, Exception) for each in results) == 1
    assert {each.trouble for each in results if isinstance(each, CommandError)} == {Trouble.GONE}


async def test_a_code_is_its_owners_its_numbers_and_its_times_alone(people):
    alice, bob = await people.owner("Alice"), await people.owner("Bob")
    number = await people.claim(alice)
    begun = await people.begin_code(number, owner_id=alice)
    proof = begun.begun.proof.id
    with pytest.raises(CommandError) as raised:
        await people.confirm(proof, begun.code, owner_id=bob)
    assert raised.value.trouble is Trouble.MISSING
    with pytest.raises(CommandError) as raised:
        await people.begin_code(number, owner_id=bob)
    assert raised.value.trouble is Trouble.MISSING
    later = await people.begin_code(number, owner_id=alice)
    with pytest.raises(CommandError) as raised:
        await people.confirm(proof, begun.code, owner_id=alice)
    assert raised.value.trouble is Trouble.GONE
    people.now += CODE_SECONDS
    with pytest.raises(CommandError) as raised:
        await people.confirm(later.begun.proof.id, later.code, owner_id=alice)
    assert raised.value.trouble is Trouble.GONE


async def test_few_codes_for_a_number_whoever_asks(people):
    for name in ("Alice", "Bob", "Carol"):
        await people.begin_code(await people.claim(await people.owner(name)))
    last = await people.claim(await people.owner("Dave"))
    with pytest.raises(CommandError, match="at most 3 within one hour") as raised:
        await people.begin_code(last)
    assert raised.value.trouble is Trouble.TOO_OFTEN
    people.now += 3_600
    await people.begin_code(last)


async def test_few_codes_for_an_owner_an_address_and_neighbouring_numbers(people):
    owner = await people.owner()
    numbers = [await people.claim(owner, f"+4420794{number:05d}") for number in range(60_000, 60_021)]
    for number in numbers[:20]:
        await people.begin_code(number)
    with pytest.raises(CommandError, match="at most 20"):
        await people.begin_code(numbers[20], address="192.0.2.2")
    other = await people.claim(await people.owner("Other"), "+441614960000")
    with pytest.raises(CommandError, match="at most 20"):
        await people.begin_code(other)
    await people.begin_code(other, address="192.0.2.2")


@pytest.mark.parametrize("numbers", ["+449098790123", "+447001234567"])
async def test_no_code_is_called_to_numbers_that_earn_by_it(people, numbers):
    owner = await people.owner()
    with pytest.raises(CommandError):
        await people.begin_code(await people.claim(owner, numbers))


async def test_ways_of_writing_one_number_are_one_number(people):
    owner = await people.owner()
    await people.claim(owner, "020 7946 0123")
    for written in ("+44 20 7946 0123", "+44(0)2079460123", "00442079460123", "+442079460120-0129"):
        with pytest.raises(CommandError, match="registered already"):
            await people.claim(owner, written)


async def test_a_right_lapses_with_its_proofs(people):
    owner = await people.owner()
    number = await people.claim(owner)
    await people.prove_control(number)
    people.now += 160 * SECONDS_A_DAY
    await review_due(people.record, policy=POLICY, now=people.now)
    assert await people.state(number) == "expiring"
    people.now += 30 * SECONDS_A_DAY
    await review_due(people.record, policy=POLICY, now=people.now)
    assert await people.state(number) == "claimed"
    assert "has lapsed" in (await people.told(owner))[0]


async def test_who_waited_comes_in_when_the_holder_goes(people):
    """A port-out: the new owner had proven it while the old one's proofs still ran."""
    old, new = await people.owner("Old"), await people.owner("New")
    first = await people.claim(old, use=Use.NEVER_CALLS_OUT)
    await people.prove_by_code(first)
    second = await people.claim(new)
    await people.withdraw(first)
    await people.prove_control(second)
    assert await people.state(second) == "verified"


async def test_a_call_before_the_question_or_long_after_proves_nothing(people):
    number = await people.claim(await people.owner())
    await calls.begin_call(people.record, number, owner_id=None, policy=POLICY, actor="test", now=people.now)
    mine, other = TelephoneNumber("442079460123"), TelephoneNumber("442079460124")
    for orig, time, now in (
        (mine, people.now - 1, people.now),
        (other, people.now, people.now),
        (mine, people.now + CALL_SECONDS, people.now + CALL_SECONDS),
    ):
        call = calls.ProvingCall(orig, DESTINATION, time)
        assert not await calls.complete_call(people.record, call, policy=POLICY, now=now)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", None])
async def test_a_proxy_on_this_machine_has_no_codes_that_one_owner_could_use_up_for_all(people, address):
    greedy = await people.owner("Greedy")
    for number in range(20):
        claimed = await people.claim(greedy, f"+4420794{60_000 + number}")
        await people.begin_code(claimed, owner_id=greedy, address=address)
    other = await people.claim(await people.owner("Other"), "+441614960001")
    await people.begin_code(other, address=address)


async def test_one_subscriber_of_ipv6_has_the_codes_of_one_address(people):
    for number in range(20):
        claimed = await people.claim(await people.owner(), f"+4420794{60_000 + number}")
        await people.begin_code(claimed, address=f"2001:db8:1:2::{number + 1}")
    other = await people.claim(await people.owner("Other"), "+441614960001")
    with pytest.raises(CommandError, match="at most 20 within one hour"):
        await people.begin_code(other, address="2001:db8:1:2:ffff::1")
    await people.begin_code(other, address="2001:db8:1:3::1")


async def test_a_call_proves_its_number_however_many_others_wait_to_be_called(people):
    for owner in range(6):
        stranger = await people.owner(f"Stranger {owner}")
        for number in range(20):
            waiting = await people.claim(stranger, f"+44207946{owner:02d}{number:02d}")
            await calls.begin_call(
                people.record, waiting, owner_id=stranger, policy=POLICY, actor="test", now=people.now
            )
    number = await people.claim(await people.owner(), "+442079461234")
    await people.prove_by_call(number, "+442079461234")
    assert await people.state(number) == "proving"


async def test_a_right_that_ended_unseen_does_not_stand_beside_a_newer_one(people):
    """The letter was read in the minute between the end of the proofs and the look at what has ended."""
    old, new = await people.owner("Old"), await people.owner("New")
    first = await people.claim(old)
    await people.prove_control(first)
    people.now += 180 * SECONDS_A_DAY - 1
    letter = await people.offer_letter(first)
    people.now += 1
    second = await people.claim(new)
    await people.prove_control(second)
    assert await people.state(second) == "verified"
    await people.check_letter(letter)
    assert sorted([await people.state(first), await people.state(second)]) == ["disputed", "disputed"]


async def test_a_registration_is_named_once_in_a_proof(people):
    number = await people.claim(await people.owner())
    with pytest.raises(CommandError, match=f"names registration {number} twice") as raised:
        await people.offer_letter(number, number)
    assert raised.value.pointer == "/numbers/1"
