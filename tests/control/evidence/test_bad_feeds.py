"""Feeds of reputation that are not what they should be: set aside by line, or refused; old data stays."""

from __future__ import annotations

import pytest

from gateway.control.commands.problems import CommandError
from gateway.control.commands.reputation import explain_number
from gateway.control.evidence.import_flood import MOST_OF_AN_AREA
from gateway.numbers.canonical import DiallingRules
from gateway.numbers.plans.shapes import WELL_FORMED
from gateway.record.imports import latest_imports
from gateway.reputation.complaints import MOST_A_DAY
from gateway.verdicts.policy import Effect, VerdictPolicy
from tests.control.evidence.test_importing import NOW, known_of, read, record, request

__all__ = ["record"]

GOOD = "tn,day\n+442079460123,2025-11-21\n"
CSV = {"format": "csv", "feed": "partner"}


@pytest.fixture
async def there(record, tmp_path):
    await read(record, request(tmp_path, GOOD, name="good.csv", **CSV))
    return record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "number,when\n+442079460123,2025-11-21\n",
        "day\n2025-11-21\n",
        "tn,tn\n1,2\n",
        b"\xff\xfet\x00n\x00\n\x00",
    ],
)
async def test_wrong_columns_refuse_the_file_and_the_old_data_stays(there, tmp_path, text):
    with pytest.raises(CommandError, match="line 1"):
        await read(there, request(tmp_path, text, name="bad.csv", **CSV))
    assert len(await known_of(there, "442079460123")) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"+442079460124,2025-11-21\xe9\n", "not UTF-8"),
        (b"999,2025-11-21\n", "999 is a short code"),
        (b"112,2025-11-21\n", "112 is a short code"),
        (b"911,2025-11-21\n", "911 is a short code"),
        (b"+44999,2025-11-21\n", "at least 7 digits"),
        (b"+442,2025-11-21\n", "at least 7 digits"),
        (b"call us,2025-11-21\n", "does not contain"),
        (b"+442079460000-0999,2025-11-21\n", "digits"),
        (b"+442079460124\n", "1 fields where the header has 2"),
        (b"+442079460124,2025-11-2", "the line has no end"),
        (b"+44207946012", "the line has no end"),
    ],
)
async def test_a_bad_line_is_set_aside_with_its_number_and_the_rest_is_taken(there, tmp_path, line, words):
    text = GOOD.replace("123", "125").encode() + line
    report = await read(there, request(tmp_path, text, name="mixed.csv", **CSV))
    assert (report.taken, report.refused) == (1, 1)
    (problem,) = report.problems
    assert problem.line == 3
    assert words in problem.problem
    assert len(await known_of(there, "442079460123")) == 1


async def test_duplicates_without_end_are_one_sighting(there, tmp_path):
    text = "tn,day\n" + "+442079460126,2025-11-21\n" * 200_000
    report = await read(there, request(tmp_path, text, name="duplicates.csv", **CSV))
    assert (report.taken, report.merged, report.refused) == (1, 199_999, 0)
    assert len(await known_of(there, "442079460126")) == 1


async def test_a_complaint_told_without_end_is_set_aside_from_the_thousandth_on(there, tmp_path):
    others = "".join(f"{number}\n" for number in range(2025560000, 2025566000))
    text = "Company_Phone_Number\n" + "2025550123\n" * 50_000 + others
    report = await read(there, request(tmp_path, text, name="2025-11-21.csv"))
    assert (report.taken, report.merged, report.refused) == (MOST_A_DAY + 6_000, 0, 50_000 - MOST_A_DAY)
    first = report.problems[0]
    assert (first.line, first.problem) == (
        MOST_A_DAY + 2,
        "2025550123 has 1,000 complaints of 2025-11-21 already: a line repeated?",
    )


@pytest.mark.parametrize(
    ("numbers", "words"), [(1, "about one number"), (120, "12,000 complaints about 120 numbers")]
)
async def test_complaints_that_are_a_few_numbers_repeated_are_refused_whole(there, tmp_path, numbers, words):
    lines = "".join(f"2025550{number:03d}\n" for number in range(numbers)) * (12_000 // numbers)
    with pytest.raises(CommandError, match=r"2025-11-21\.csv, line 12001: .*lines repeated") as caught:
        await read(there, request(tmp_path, "Company_Phone_Number\n" + lines, name="2025-11-21.csv"))
    assert words in caught.value.problem
    assert not await known_of(there, "12025550000")
    assert len(await known_of(there, "442079460123")) == 1


@pytest.mark.parametrize("text", ["tn,day\n2025-11-21,+442079460125\n\n+44,1\n", "tn\nnobody\ncalls\n"])
async def test_a_file_of_which_no_line_can_be_read_is_refused(there, tmp_path, text):
    with pytest.raises(CommandError, match=r"bad\.csv: not one of its 2 lines can be read\. Line 2: "):
        await read(there, request(tmp_path, text, name="bad.csv", **CSV))
    async with there.read() as transaction:
        assert [each.file_name for each in await latest_imports(transaction)] == ["good.csv"]


@pytest.fixture
def small_areas(monkeypatch):
    """As if an area's file might name twenty of its numbers, not half a million."""
    monkeypatch.setattr("gateway.control.evidence.import_flood.MOST_OF_AN_AREA", 20)


async def test_a_feed_that_names_much_of_an_area_is_refused_whole_and_the_old_data_stays(
    there, tmp_path, small_areas
):
    text = "tn,day\n+12025550123,2025-11-21\n"
    text += "".join(f"+4420794612{line:02d},2025-11-21\n" for line in range(0, 100, 2))
    with pytest.raises(CommandError) as caught:
        await read(there, request(tmp_path, text, name="half.csv", **CSV))
    assert caught.value.problem == (
        "half.csv names 50 of the 10,000,000 numbers that begin with +44207: more than one in twenty is no "
        "list of bad numbers. --accept-flood takes it all the same. Nothing was taken in"
    )
    async with there.read() as transaction:
        assert [each.file_name for each in await latest_imports(transaction)] == ["good.csv"]
    assert not await known_of(there, "12025550123")
    assert len(await known_of(there, "442079460123")) == 1


async def test_an_operator_who_means_it_has_such_a_feed_taken(there, tmp_path, small_areas):
    text = "tn,day\n" + "".join(f"+4420794612{line:02d},2025-11-21\n" for line in range(100))
    wanted = request(tmp_path, text, name="half.csv", accept_flood=True, **CSV)
    assert (await read(there, wanted)).taken == 100


async def test_lines_that_repeat_few_numbers_are_no_flood(there, tmp_path, small_areas):
    text = "tn,day\n" + "".join(f"+4420794612{line % 20:02d},2025-11-21\n" for line in range(100))
    report = await read(there, request(tmp_path, text, name="repeats.csv", **CSV))
    assert (report.taken, report.merged) == (20, 80)


def test_a_file_may_name_one_in_twenty_numbers_of_an_area():
    assert MOST_OF_AN_AREA == 500_000


async def explained(record, tn):
    return await explain_number(record, f"+{tn}", rules=DiallingRules(), generation=None, now=NOW)


async def test_a_feed_that_names_numbers_all_over_the_plan_labels_neither_them_nor_those_between(
    there, tmp_path
):
    """A feed's one voice is too little for a number, and evidence that is spread says nothing of a block."""
    policy, [plan] = VerdictPolicy(), WELL_FORMED["nanp"]
    named = [plan.number_at(place) for place in range(0, plan.size, plan.size // 20_000)]
    text = "tn,day\n" + "".join(f"+{tn},2025-11-21\n" for tn in named)
    report = await read(there, request(tmp_path, text, name="half-the-plan.csv", **CSV))
    assert (report.taken, report.refused) == (len(named), 0)
    for tn in named[:: len(named) // 10]:
        found = await explained(there, tn)
        assert 0 < found.score < policy.reputation.label_at
        between = await explained(there, str(int(tn) + 7))
        assert between.score == 0
        assert between.neighbours < policy.neighbours.label_at


async def test_a_feed_that_names_half_of_an_exchange_labels_the_rest_of_it_at_most(there, tmp_path):
    policy = VerdictPolicy()
    text = "tn,day\n" + "".join(f"+4420794{line:05d},2025-11-21\n" for line in range(60_000, 70_000, 2))
    await read(there, request(tmp_path, text, name="half-an-exchange.csv", **CSV))
    between = await explained(there, "442079460001")
    assert between.score == 0
    assert policy.neighbours.effect_of(between.neighbours) is Effect.LABEL


async def test_a_shorter_file_takes_nothing_away(there, tmp_path):
    await read(there, request(tmp_path, "tn,day\n+442079460999,2025-11-21\n", name="short.csv", **CSV))
    assert len(await known_of(there, "442079460123")) == 1
