from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reputation.formats import LONGEST_LINE, read_sightings
from gateway.reputation.reading import FORMATS, Reading, day_of_name
from gateway.reputation.sighting import LineProblem, Sighting

TODAY = date(2026, 11, 22)
DAILY_HEADER = (
    "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,"
    "Subject,Recorded_Message_Or_Robocall"
)


def read(
    text: str | bytes, format_: str = "ftc-dnc", *, day: date | None = date(2025, 11, 21), feed: str = "test"
):
    data = text.encode() if isinstance(text, str) else text
    reading = Reading(format=format_, feed=feed, today=TODAY, day=day)  # type: ignore[arg-type]
    return list(read_sightings(data.splitlines(keepends=True), reading))


def identities(items):
    return [(s.tn, str(s.day), s.reporter) for s in items if isinstance(s, Sighting)]


def problems(items):
    return [(p.line, p.problem) for p in items if isinstance(p, LineProblem)]


def test_a_single_column_counts_each_line_as_one_complaint_of_its_own():
    items = read("Company_Phone_Number\n2025550123\n2025550124\r\n\n2025550123\n")
    day = "2025-11-21"
    assert identities(items) == [
        ("12025550123", day, "1"),
        ("12025550124", day, "1"),
        ("12025550123", day, "2"),
    ]
    assert read("Company_Phone_Number\n2025550123\n2025550124\r\n\n2025550123\n") == items


def test_the_ftcs_daily_file_takes_its_day_from_created_date_and_its_subject_as_label():
    items = read(
        f"{DAILY_HEADER}\n"
        '2025550123,2025-11-20 00:03:51,2025-11-19,Reno,Nevada,775,"Reducing your debt (cards, loans)",Y\n'
        "2025550123,2025-11-21,,,,,Other,N\n"
        "2025550123,2025-11-20 00:05:00,,,,,,N\n",
        day=date(2020, 1, 1),
    )
    assert identities(items) == [
        ("12025550123", "2025-11-20", "1"),
        ("12025550123", "2025-11-21", "1"),
        ("12025550123", "2025-11-20", "2"),
    ]
    assert [item.label for item in items] == ["Reducing your debt (cards, loans)", "Other", ""]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2991577", "not ten digits"),
        ("07453775817", "not ten digits"),
        ("٠١٢٣٤٥٦٧٨٩", "not ten digits"),
        ("202555012x", "not ten digits"),
        ("2025550123,2025-11-20", "2 fields where the header has 1"),
        ('"2025550123', "not CSV"),
        ("9" * (LONGEST_LINE + 1), "longer than"),
    ],
)
def test_what_is_no_number_is_refused_with_its_line_and_the_rest_is_taken(line, words):
    items = read(f"Company_Phone_Number\n2025550123\n{line}\n2025550124\n")
    assert len(identities(items)) == 2
    [(number, problem)] = problems(items)
    assert number == 3
    assert words in problem
    assert len(problem) < 200


@pytest.mark.parametrize("day", ["", "20251120", "2025-02-30", "2026-11-24", "1999-12-31", "2025-11-20x"])
def test_a_created_date_that_is_no_possible_day_is_refused(day):
    assert [line for line, _ in problems(read(f"{DAILY_HEADER}\n2025550123,{day},,,,,,\n"))] == [2]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "2025550123\n", "phone\n2025550123\n", "\x00\n", "tn,day\n1,2\n"]
)
def test_a_file_of_another_kind_is_refused_whole(text):
    [problem] = read(text)
    assert isinstance(problem, LineProblem)
    assert problem.whole_file


def test_a_single_column_without_a_day_is_refused_whole():
    [problem] = read("Company_Phone_Number\n2025550123\n", day=None)
    assert isinstance(problem, LineProblem)
    assert problem.whole_file


def test_a_byte_order_mark_and_bad_utf8_are_seen_for_what_they_are():
    items = read(b"\xef\xbb\xbfCompany_Phone_Number\n2025550123\n\xff\xfe\n2025550124\n")
    assert len(identities(items)) == 2
    assert problems(items) == [(3, "the line is not UTF-8")]


def test_csv_reads_its_columns_in_any_order():
    items = read(
        "label,tn,confidence,expires,feed,reporter,day,path\n"
        "HMRC,+44-20-7946-0123,0.5,2026-01-01,partner,r1,2025-11-01,domestic/passed\n"
        ",(020)7946-0124,,,,,,\n",
        "csv",
    )
    assert items == [
        Sighting(
            tn="442079460123",
            day=date(2025, 11, 1),
            feed="partner",
            reporter="r1",
            weight=0.5,
            label="HMRC",
            path="domestic/passed",
            expires=date(2026, 1, 1),
        ),
        Sighting(tn="442079460124", day=date(2025, 11, 21), feed="test"),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tn", "call me"), ("tn", ""), ("day", "yesterday"), ("day", "2027-01-01"), ("day", "2025-W47-5"),
        ("feed", "Not A Name"), ("label", "x" * 65), ("confidence", "0"), ("confidence", "1.5"),
        ("confidence", "nan"),
        ("confidence", "-1"), ("confidence", "inf"), ("expires", "2025-11-20"), ("expires", "2099-01-01"),
        ("reporter", "x" * 65), ("path", "abroad"), ("path", "international/"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused_with_its_name(field, value):
    row = {"tn": "+442079460123", "day": "2025-11-21", field: value}
    [(line, problem)] = problems(read(f"{','.join(row)}\n{','.join(row.values())}\n", "csv"))
    assert line == 2
    assert field in problem


def test_a_misspelt_column_or_member_is_refused():
    assert "confidance" in problems(read("tn,confidance\n+442079460123,0.1\n", "csv"))[0][1]
    assert "confidance" in problems(read('{"tn": "+442079460123", "confidance": 0.1}\n', "jsonl"))[0][1]


def test_jsonl_reads_an_object_a_line_and_refuses_what_is_none():
    items = read(
        '{"tn": "+442079460123", "confidence": 1}\n[]\n{"tn": 5}\n{"tn": "+442079460123", "tn": "x"}\n'
        '{"tn": "+442079460123", "confidence": true}\n{\n{"tn": "+442079460124"}\n',
        "jsonl",
    )
    assert [s.tn for s in items if isinstance(s, Sighting)] == ["442079460123", "442079460124"]
    assert [line for line, _ in problems(items)] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2025-11-21.csv", date(2025, 11, 21)), ("DNC_Complaint_Numbers_2025-11-21.csv", date(2025, 11, 21)),
        ("complaints.csv", None), ("2025-13-41.csv", None), ("2025-11-20_2025-11-21.csv", None),
        ("92025-11-21.csv", None),
    ],
)  # fmt: skip
def test_the_day_in_a_files_name(name, day):
    assert day_of_name(name) == day


def test_a_day_or_feed_that_cannot_be_is_the_callers_error():
    for wrong in ({"feed": "No"}, {"day": date(1990, 1, 1)}, {"format": "xml"}):
        with pytest.raises(ValueError, match=r"feed|before|format"):
            Reading(**({"format": "csv", "feed": "x", "today": TODAY} | wrong))  # type: ignore[arg-type]


HEADERS = (
    b"",
    b"Company_Phone_Number\n",
    DAILY_HEADER.encode() + b"\n",
    b"tn,day,feed,reporter,label,confidence,expires\n",
)
PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b"2025550123", b",", b"\n", b'"', b"2025-11-21", b"\x00", b'{"tn":"+442079460123"}', b"\r"]
    ),
)


@settings(max_examples=300)
@given(
    header=st.sampled_from(HEADERS),
    body=st.lists(PIECES, max_size=20).map(b"".join),
    format_=st.sampled_from(FORMATS),
    day=st.sampled_from([None, date(2025, 11, 21)]),
)
def test_any_bytes_give_sightings_and_problems_and_nothing_else(header, body, format_, day):
    lines = (header + body).split(b"\n")
    reading = Reading(format=format_, feed="test", today=TODAY, day=day)
    items = list(read_sightings(lines, reading))
    assert all(isinstance(item, Sighting | LineProblem) for item in items)
    assert all(0 < item.weight <= 1 for item in items if isinstance(item, Sighting))
    assert len(items) <= max(1, len(lines))
