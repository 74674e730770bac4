"""Do-not-originate feeds: what is an entry, what is set aside, what makes the file another one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.countries import COUNTRIES
from gateway.generation.dno_formats import DNO_FORMATS, DnoListing, DnoReading, read_dno_feed
from gateway.generation.feed_lines import LineProblem
from gateway.numbers.ranges import NumberRange


def read(data: str | bytes, form="plain", country="GB"):
    raw = data if isinstance(data, bytes) else data.encode()
    reading = DnoReading(format=form, rules=COUNTRIES[country].dialling, label="somebody")
    found = list(read_dno_feed(raw.splitlines(keepends=True), reading))
    listings = [each for each in found if isinstance(each, DnoListing)]
    return listings, [each for each in found if isinstance(each, LineProblem)]


GOOD = "".join(f"+44207946{row:04}\n" for row in range(200))


def test_a_number_or_range_a_line():
    listings, problems = read("# ours\n+44 20 7946 0999\n\n020 7946 0990-0998\n")
    assert problems == []
    assert [each.numbers for each in listings] == [
        NumberRange.parse("+442079460999"),
        NumberRange.parse("+442079460990-0998"),
    ]
    assert listings[0].label == "somebody"


def test_numbers_are_read_as_the_country_writes_them():
    listings, _ = read("8005550199\n", country="US")
    assert listings[0].numbers.start == "18005550199"


def test_columns_are_known_by_the_names_that_lists_use():
    text = (
        "Organisation,Telephone Number,Added,Expires\nHMRC,0300 200 3300,2020,2027-01-31\n,+442079460999,,\n"
    )
    listings, problems = read(text, "csv")
    assert problems == []
    assert [(each.numbers.start, each.label, each.expires) for each in listings] == [
        ("443002003300", "HMRC", "2027-01-31"),
        ("442079460999", "somebody", ""),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("999", "999 is an emergency number"),
        ("112", "112 is an emergency number"),
        ("911", "911 is an emergency number"),
        ("+44999", "999 is an emergency number"),
        ("101", "101 is a short code"),
        ("call us", "does not contain"),
        ("+44", "at least 7 digits"),
        ("+442000000000/100000000", "names 100000000 numbers"),
        ("+4420000000000000", "at most 15 digits"),
        ("٠٢٠٧٩٤٦٠٩٩٩", "does not contain"),
    ],
)
def test_a_line_that_names_no_subscribers_number_is_set_aside(line, words):
    listings, problems = read(GOOD + line + "\n")
    assert len(listings) == 200
    assert [problem.line for problem in problems] == [201]
    assert words in problems[0].problem


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("plain", "", "names no numbers"),
        ("plain", "# nothing\n", "names no numbers"),
        ("plain", GOOD[:-1], "was cut off"),
        ("plain", GOOD[:-5], "was cut off"),
        ("plain", "name;number\nHMRC;0300\n", "2 of 2 lines cannot be read"),
        ("plain", b"\xff\xfe+\x004\x004\x00\n", "lines cannot be read"),
        ("csv", "start,count,trunk\n+442079460000,1,a\n", "no column of numbers"),
        ("csv", "tn,label\n+442079460000\n", "1 of 1 lines cannot be read"),
        ("csv", "tn,expires\n+442079460000,soon\n", "1 of 1 lines cannot be read"),
        ("csv", "\x00", "NUL"),
    ],
)
def test_a_file_that_is_something_else_is_refused_whole(form, text, words):
    _, problems = read(text, form)
    assert problems[-1].line == 0
    assert words in problems[-1].problem


@given(st.sampled_from(DNO_FORMATS), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_entries_and_problems_and_nothing_else(form, data):
    for lines in (data, b"tn,label\n" + data):
        listings, problems = read(lines, form)
        assert listings or problems
