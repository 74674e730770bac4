"""Claims by a file: the shortcut past asking the record for every line misses nothing."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.registry.bulk import COLUMNS, _Held, claim_lines, read_claims
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.ranges import NumberRange
from gateway.record.engine import open_record
from gateway.record.notices import read_notices
from gateway.record.owners import insert_owner
from gateway.record.registrations import find_registrations, read_registrations, update_registration
from gateway.registry.registration import Registration, Use
from gateway.registry.states import State

NOW = 1_795_000_000


def digits(first, count, *, length=9):
    return NumberRange(TelephoneNumber(f"{first:0{length}d}"), count)


RANGES = st.builds(digits, st.integers(0, 900), st.integers(1, 99), length=st.sampled_from([3, 4]))


@given(st.lists(RANGES, max_size=20))
def test_what_an_owner_holds_is_found_by_any_number_in_common(ranges):
    held, kept = _Held(()), []
    for place, numbers in enumerate(ranges, 1):
        wanted = registration(place, numbers)
        found = held.find(wanted)
        in_common = {each.id for each in kept if _overlap(each.numbers, numbers)}
        assert (found is None) == (not in_common)
        assert found is None or found.id in in_common
        if found is None:
            held.put(replace(wanted, id=0))
            held.put(wanted)
            kept.append(wanted)


def registration(number, numbers):
    return Registration(id=number, owner_id=1, numbers=numbers, use=Use.NEVER_CALLS_OUT, state=State.CLAIMED)


def _overlap(one, other):
    return len(one.start) == len(other.start) and one.start <= other.last and other.start <= one.last


@pytest.fixture
async def record(tmp_path):
    opened = await open_record(tmp_path / "record.sqlite")
    yield opened
    await opened.close()


async def owner_of(record, name):
    async with record.write() as transaction:
        made = await insert_owner(transaction, name=name, contact="-", created_at=NOW, created_by="test")
    return made.id


async def upload(record, owner_id, *numbers):
    text = "\n".join([",".join(COLUMNS), *(f"{each},never_calls_out,,,," for each in numbers)])
    lines = read_claims(io.StringIO(text))
    return [
        each
        async for each in claim_lines(
            record, lines, owner_id=owner_id, trunks=("access-1",), actor="test", now=NOW
        )
    ]


async def test_a_line_in_the_way_of_an_earlier_one_is_refused_by_its_number_and_the_rest_is_taken(record):
    owner_id = await owner_of(record, "Example Bank")
    results = await upload(
        record, owner_id, "+442079460000-0099", "+442079460100", "+442079460050", "+442079460090-0110"
    )
    assert [each.id is not None for each in results] == [True, True, False, False]
    assert f"(number {results[0].id})" in results[2].problem
    assert results[2].column == results[3].column == "numbers"
    async with record.read() as transaction:
        assert len(await read_registrations(transaction, owner_id=owner_id)) == 2


async def test_numbers_of_another_owner_may_be_claimed_and_ones_own_only_once(record):
    first, second = await owner_of(record, "Example Bank"), await owner_of(record, "Example Shop")
    numbers = [f"+44207946{place:04d}" for place in range(0, 900, 2)]
    assert all(each.id is not None for each in await upload(record, first, *numbers))
    assert all(each.id is not None for each in await upload(record, second, *numbers))
    again = await upload(record, first, *numbers, "+442079460001")
    assert [each.id is not None for each in again] == [False] * len(numbers) + [True]


async def test_only_claims_that_were_taken_are_told_to_whoever_holds_the_numbers(record):
    first, second = await owner_of(record, "Example Bank"), await owner_of(record, "Example Shop")
    (held,) = await upload(record, first, "+442079460100-0199")
    async with record.write() as transaction:
        found = await find_registrations(transaction, [held.id], owner_id=first)
        verified = replace(found[held.id], state=State.VERIFIED, until=NOW + 9)
        await update_registration(transaction, verified, now=NOW)
    results = await upload(record, second, "+442079460300", "+442079460150", "+442079460150-0151")
    assert [each.id is not None for each in results] == [True, True, False]
    async with record.read() as transaction:
        told = await read_notices(transaction, owner_id=first)
    assert len(told) == 1
    assert "+442079460150" in told[0].words
