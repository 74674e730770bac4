from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.control.commands.disputes import (
    answer_dispute,
    list_disputes,
    list_disputes_about,
    open_dispute,
    release_number,
    show_dispute,
)
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.registry import owners
from gateway.numbers.canonical import DiallingRules
from gateway.numbers.ranges import NumberRange
from gateway.record.audit import audit_of, verify_chain
from gateway.record.sightings import add_sightings, sightings_of
from gateway.reputation.dispute import ANSWER_DAYS, DisputeState
from gateway.reputation.sighting import Sighting
from tests.control.registry.people import NOW, POLICY, TN

RULES = DiallingRules()
DIGITS = TN.removeprefix("+")
TODAY = datetime.fromtimestamp(NOW, UTC).date()


def seen(day: date, *, feed="hotline", reporter=""):
    return Sighting(tn=DIGITS, day=day, feed=feed, reporter=reporter)


async def complain(people, *sightings):
    async with people.record.write() as transaction:
        await add_sightings(transaction, sightings)


async def counting(people):
    async with people.record.read() as transaction:
        return await sightings_of(transaction, DIGITS, today=TODAY)


async def dispute(people, owner_id, text=TN, statement="we never call"):
    return await open_dispute(
        people.record, text, statement, owner_id=owner_id, rules=RULES, actor="test", now=people.now
    )


async def answer(people, number, state, reason="looked into"):
    return await answer_dispute(people.record, number, state, reason, actor="token:alice", now=people.now)


@pytest.fixture
async def bank(people):
    owner_id = await people.owner()
    await people.prove_control(await people.claim(owner_id))
    return owner_id


async def test_an_owner_disputes_is_told_by_when_and_is_released(people, bank):
    await complain(people, seen(TODAY), seen(TODAY - timedelta(days=3)))
    opened = await dispute(people, bank)
    assert opened.state is DisputeState.OPEN
    assert opened.due_at == NOW + ANSWER_DAYS * 86_400
    assert f"answers it by {TODAY + timedelta(days=ANSWER_DAYS)}" in (await people.told(bank))[0]
    assert len(await counting(people)) == 2, "a dispute alone changes nothing"
    upheld = await answer(people, opened.id, DisputeState.UPHELD, "forged from abroad")
    assert (upheld.dispute.state, upheld.sightings) == (DisputeState.UPHELD, 2)
    assert await counting(people) == ()
    assert "was upheld" in (await people.told(bank))[0]
    assert "forged from abroad" in (await people.told(bank))[0]


async def test_a_rejected_dispute_changes_nothing_and_says_why(people, bank):
    await complain(people, seen(TODAY))
    opened = await dispute(people, bank)
    rejected = await answer(people, opened.id, DisputeState.REJECTED, "your own line called them")
    assert rejected.sightings == 0
    assert len(await counting(people)) == 1
    assert "was rejected: your own line called them" in (await people.told(bank))[0]


async def test_a_number_that_is_not_proven_is_no_number_to_dispute(people, bank):
    stranger = await people.owner("Mallory")
    await people.claim(stranger)
    for owner_id, text in ((stranger, TN), (bank, "+442079460999")):
        with pytest.raises(CommandError, match="no number that you have proven") as caught:
            await dispute(people, owner_id, text)
        assert caught.value.pointer == "/tn"


async def test_one_number_has_one_open_dispute_and_an_answer_is_final(people, bank):
    opened = await dispute(people, bank)
    with pytest.raises(CommandError, match="open") as caught:
        await dispute(people, None)
    assert caught.value.trouble is Trouble.CONFLICT
    await answer(people, opened.id, DisputeState.REJECTED)
    for state in (DisputeState.UPHELD, DisputeState.REJECTED):
        with pytest.raises(CommandError, match="answered already"):
            await answer(people, opened.id, state)
    assert (await dispute(people, bank)).id != opened.id


async def test_what_is_somebody_elses_is_as_what_is_not_there(people, bank):
    opened = await dispute(people, bank)
    stranger = await people.owner("Mallory")
    for owner_id, number in ((stranger, opened.id), (bank, 4711)):
        with pytest.raises(CommandError) as caught:
            await show_dispute(people.record, number, owner_id=owner_id)
        assert caught.value.trouble is Trouble.MISSING

    async def page(owner_id):
        return await list_disputes(people.record, owner_id=owner_id, state=None, after_id=0, limit=10)

    assert await page(stranger) == ()
    assert await page(bank) == await page(None) == (opened,)


@pytest.mark.parametrize("statement", ["", "  ", "x" * 1_001, "two\nlines"])
async def test_a_statement_is_a_sentence_or_some(people, bank, statement):
    with pytest.raises(CommandError) as caught:
        await dispute(people, bank, statement=statement)
    assert caught.value.pointer == "/statement"


async def test_a_release_upholds_the_open_dispute(people, bank):
    opened = await dispute(people, bank)
    released = await release_number(
        people.record, TN, "he is right", rules=RULES, actor="token:alice", now=people.now
    )
    assert released.dispute.id == opened.id
    assert "was upheld" in (await people.told(bank))[0]


async def test_a_released_number_stays_released_until_evidence_of_a_later_day(people):
    await release_number(people.record, TN, "forged", rules=RULES, actor="token:alice", now=people.now)
    await complain(people, seen(TODAY), *(seen(TODAY - timedelta(days=days)) for days in range(1, 30)))
    await complain(people, seen(TODAY - timedelta(days=2), feed="another-list", reporter="7"))
    assert await counting(people) == ()
    tomorrow = seen(TODAY + timedelta(days=1))
    await complain(people, tomorrow)
    assert [each.day for each in await counting(people)] == [tomorrow.day]


async def test_who_disputed_what_and_who_answered_is_in_the_audit(people, bank):
    opened = await dispute(people, bank, statement="a private matter")
    await answer(people, opened.id, DisputeState.UPHELD)
    async with people.record.read() as transaction:
        assert (await verify_chain(transaction)).is_intact
        rows = [row async for row in audit_of(transaction, f"dispute:{opened.id}")]
    assert [row["action"] for row in rows] == ["dispute.open", "dispute.uphold"]
    assert "a private matter" not in str(rows)


async def test_an_erased_owner_leaves_no_statement(people, bank):
    opened = await dispute(people, bank, statement="a private matter")
    exported = [piece async for piece in owners.export_owner(people.record, bank)]
    assert any("a private matter" in str(piece.get("dispute")) for piece in exported)
    await owners.erase(people.record, bank, policy=POLICY, actor="test", now=people.now)
    assert (await show_dispute(people.record, opened.id, owner_id=None)).statement == ""


async def test_the_latest_disputes_about_a_range_are_found_however_many_others_there_were(people, bank):
    for _ in range(3):
        await answer(people, (await dispute(people, bank)).id, DisputeState.REJECTED)
    opened = await dispute(people, bank)
    found = await list_disputes_about(people.record, NumberRange(DIGITS), owner_id=bank, limit=2)
    assert [each.id for each in found] == [opened.id, opened.id - 1]
    stranger = await people.owner("Mallory")
    others = NumberRange(str(int(DIGITS) + 1))
    assert await list_disputes_about(people.record, NumberRange(DIGITS), owner_id=stranger, limit=2) == ()
    assert await list_disputes_about(people.record, others, owner_id=bank, limit=2) == ()
