from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.numbers.canonical import NumberError, TelephoneNumber
from gateway.numbers.ranges import NumberRange, RangeMap


def tn(digits: str) -> TelephoneNumber:
    return TelephoneNumber(digits)


DRAMA = NumberRange(tn("442079460000"), 1000)


@pytest.mark.parametrize(
    "text",
    [
        "+442079460000-0999",
        "+442079460000-999",
        "+442079460000/1000",
        "+442079460000-442079460999",
        "+442079460000-+442079460999",
    ],
)
def test_a_range_is_written_in_several_ways(text: str) -> None:
    assert NumberRange.parse(text) == DRAMA
    assert NumberRange.parse(text).last == "442079460999"


def test_a_single_number_and_a_service_number_are_ranges_of_one() -> None:
    assert NumberRange.parse("+442079460123") == NumberRange(tn("442079460123"), 1)
    assert NumberRange.parse("118118") == NumberRange(tn("118118"), 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "442079460000",
        "+999",
        "+0442079460000",
        "+442079460000-",
        "+442079460000/",
        "+442079460000/0",
        "+442079460999-000",
        "+442079460000-2079460000123",
        "+442079460000-+0999",
        "+442079460000/999999999999999",
        "+442079460000-0999\n",
        "+4420794\uff160000",
        "+442079460000 - 0999",
        "*31#",
    ],
)
def test_a_wrong_range_is_a_number_error(text: str) -> None:
    with pytest.raises(NumberError):
        NumberRange.parse(text)


@given(st.text(max_size=30) | st.from_regex(r"\+?[0-9]{0,16}[-/]?\+?[0-9]{0,16}", fullmatch=True))
def test_a_range_or_a_number_error(text: str) -> None:
    try:
        found = NumberRange.parse(text)
    except NumberError:
        return
    assert found.covers(found.start)
    assert found.covers(found.last)


def test_the_edges_of_a_range() -> None:
    assert not DRAMA.covers(tn("442079459999"))
    assert DRAMA.covers(tn("442079460000"))
    assert DRAMA.covers(tn("442079460999"))
    assert not DRAMA.covers(tn("442079461000"))


@pytest.mark.parametrize(
    "other", ["44207946", "4420794600001", "44207946012", "0442079460123", "4420794601*3", "44207946#123"]
)
def test_numbers_of_another_length_or_with_signs_are_never_covered(other: str) -> None:
    assert not DRAMA.covers(tn(other))
    assert RangeMap([(DRAMA, "a")]).find(tn(other)) == ()


def test_a_range_does_not_grow_a_digit() -> None:
    assert NumberRange(tn("9990"), 10).last == "9999"
    with pytest.raises(NumberError, match="beyond the last number"):
        NumberRange(tn("9990"), 11)
    assert NumberRange(tn("0090"), 10).last == "0099"


@pytest.mark.parametrize(
    ("start", "count"), [("999", 0), ("999", -1), ("", 1), ("1" * 16, 1), ("*31", 2), ("+44", 1)]
)
def test_impossible_ranges_are_refused(start: str, count: int) -> None:
    with pytest.raises(NumberError):
        NumberRange(tn(start), count)


def test_codes_are_found_as_they_are() -> None:
    assert RangeMap([(NumberRange(tn("*31#")), "a")]).find(tn("*31#")) == ("a",)


def test_the_smallest_range_comes_first() -> None:
    ranges = RangeMap(
        [
            (NumberRange(tn("442079460000"), 10_000), "block"),
            (NumberRange(tn("442079460000"), 1000), "drama"),
            (NumberRange(tn("442079460500"), 1000), "across"),
            (NumberRange(tn("442079460123")), "one"),
            (NumberRange(tn("442079460123")), "again"),
        ]
    )
    assert len(ranges) == 5
    assert ranges.find(tn("442079460123")) == ("one", "again", "drama", "block")
    assert ranges.find_smallest(tn("442079460123")) == ("one", "again")
    assert ranges.find(tn("442079460700")) == ("drama", "across", "block")
    assert ranges.find_smallest(tn("442079460700")) == ("drama", "across")
    assert ranges.find(tn("442079469999")) == ("block",)
    assert ranges.find(tn("442079470000")) == ()
    assert ranges.find_smallest(tn("442079470000")) == ()


def test_overlaps_are_told_with_both_ranges() -> None:
    outer, inner, apart = (
        NumberRange(tn(start), count) for start, count in (("100", 50), ("120", 5), ("160", 2))
    )
    assert list(RangeMap([(inner, 1), (apart, 2), (outer, 3)]).overlaps()) == [(outer, inner)]
    assert list(RangeMap([(inner, 1), (apart, 2)]).overlaps()) == []
    assert list(RangeMap([(inner, 1), (inner, 1)]).overlaps()) == [(inner, inner)]
    code = NumberRange(tn("*31#"))
    assert list(RangeMap([(code, 1), (code, 2)]).overlaps()) == [(code, code)]


def test_an_empty_map_finds_nothing() -> None:
    empty: RangeMap[str] = RangeMap()
    assert (len(empty), empty.find(tn("999")), list(empty.overlaps())) == (0, (), [])


small_ranges = st.builds(
    lambda start, count: NumberRange(tn(f"{start:03d}"), min(count, 1000 - start)),
    st.integers(0, 999),
    st.integers(1, 400),
)


@given(st.lists(small_ranges, max_size=12), st.integers(0, 999))
def test_find_is_what_asking_every_range_would_answer(rows: list[NumberRange], digits: int) -> None:
    wanted = tn(f"{digits:03d}")
    found = RangeMap((row, row) for row in rows).find(wanted)
    covering = [row for row in rows if row.covers(wanted)]
    assert sorted(found, key=repr) == sorted(covering, key=repr)
    assert [row.count for row in found] == sorted(row.count for row in covering)
    smallest = RangeMap((row, row) for row in rows).find_smallest(wanted)
    assert smallest == tuple(row for row in found if row.count == found[0].count)


def test_one_range_over_all_does_not_make_look_ups_slow() -> None:
    rows = [(NumberRange(tn("440000000000"), 10**10), 0)]
    rows += [(NumberRange(tn(f"44{index * 100:010d}"), 100), index) for index in range(20_000)]
    ranges = RangeMap(rows)
    assert ranges._tables[12]._reach is not None
    steps = [ranges.find(tn(f"44{index * 100 + 5:010d}")) for index in range(0, 20_000, 7)]
    assert steps == [(index, 0) for index in range(0, 20_000, 7)]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12))),
    st.tuples(st.integers(0, 60), st.integers(1, 12)),
)
def test_a_map_is_touched_by_what_has_a_number_in_common_with_it(rows, asked):
    ranges = [NumberRange(f"4420794600{start:02d}", count) for start, count in rows]
    numbers = NumberRange(f"4420794600{asked[0]:02d}", asked[1])
    common = any(each.start <= numbers.last and numbers.start <= each.last for each in ranges)
    assert RangeMap((each, None) for each in ranges).touches(numbers) is common


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("+123456", "a range starts with"),
        ("1234567", "a range starts with"),
        ("+0123456789", "a range starts with"),
        ("+442079460000-", "is written"),
        ("+442079460000-12345678901234", "longer or shorter"),
        ("+442079460000-+44207946999", "longer or shorter"),
        ("+442079460999-0000", "at least one number"),
        ("+442079460000/0", "at least one number"),
        ("+999999999999/2", "beyond the last number"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_words(text, words):
    with pytest.raises(NumberError, match=words):
        NumberRange.parse(text)


def test_ranges_at_their_edges():
    assert NumberRange.parse("+1234567") == NumberRange(TelephoneNumber("1234567"))
    assert NumberRange.parse("+999999999998/2").last == "999999999999"
    two = NumberRange(TelephoneNumber("1234567"), 2)
    assert [two.covers(TelephoneNumber(tn)) for tn in ("1234566", "1234567", "1234568", "1234569")] == [
        False, True, True, False,
    ]  # fmt: skip
    for start, count, words in (
        ("12+4", 1, "canonical number"),
        ("*21", 2, "stands alone"),
        ("123", 0, "at least one"),
    ):
        with pytest.raises(NumberError, match=words):
            NumberRange(TelephoneNumber(start), count)


def test_ranges_that_touch_do_not_overlap_and_ranges_that_share_a_number_do():
    def named(*pairs):
        rows = [(NumberRange(TelephoneNumber(start), count), None) for start, count in pairs]
        return [(one.start, other.start) for one, other in RangeMap(rows).overlaps()]

    assert named(("1000000", 10), ("1000010", 10)) == []
    assert named(("1000000", 11), ("1000010", 10)) == [("1000000", "1000010")]
    assert named(("1000000", 10), ("1000005", 5), ("1000009", 1)) == [
        ("1000000", "1000005"), ("1000000", "1000009"),
    ]  # fmt: skip


def test_a_code_is_found_by_itself_and_counted():
    codes = RangeMap([(NumberRange(TelephoneNumber("*21")), "a"), (NumberRange(TelephoneNumber("*21")), "b")])
    assert codes.find(TelephoneNumber("*21")) == codes.find_smallest(TelephoneNumber("*21")) == ("a", "b")
    assert len(codes) == 2
    assert codes.find_smallest(TelephoneNumber("*22")) == ()
