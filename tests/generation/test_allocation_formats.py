"""Regulators' files: what is a block, what is set aside, and what makes a whole file another one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.allocation_formats import ALLOCATION_FORMATS, read_allocations
from gateway.generation.feed_lines import LineProblem
from gateway.numbers.allocations import Allocations, Block, BlockStatus

OFCOM_HEADER = (
    "NMS Number Block: Number Block,Block Status,CP Name,Non Geo Number Length,Allocation Date,Notes"
)
NANPA_HEADER = "State\tNPA-NXX\tOCN\tCompany\tRateCenter\tEffectiveDate\tUse\tAssignDate"
OFCOM = Path(__file__).resolve().parents[3] / "shared" / "data" / "ofcom-2025-09"
GOOD = "7700 {:03},Allocated,Example Mobile Ltd,10 digit numbers,01/01/2020,"


def read(text: str | bytes, form="ofcom") -> tuple[list[Block], list[LineProblem]]:
    data = text if isinstance(text, bytes) else text.encode()
    found = list(read_allocations(data.splitlines(keepends=True), form))
    blocks = [each for each in found if isinstance(each, Block)]
    return blocks, [each for each in found if isinstance(each, LineProblem)]


def ofcom(*rows: str, good: int = 0) -> str:
    return "\r\n".join([OFCOM_HEADER, *rows, *(GOOD.format(row) for row in range(good)), ""])


def nanpa(*rows: tuple[str, str, str]) -> str:
    lines = [f"NY\t{code}\t1234\t{company}\tNWYRCYZN01\t\t{use}\t" for code, use, company in rows]
    return "\n".join([NANPA_HEADER, *lines, ""])


@pytest.mark.parametrize(
    ("row", "start", "count", "status", "holder"),
    [
        ("7406 8,Allocated,08Direct,10 digit numbers,,", "447406800000", 100_000, "allocated", "08Direct"),
        ("3000 00,Free,,10 digit numbers,,", "443000000000", 10_000, "free", ""),
        ("8000 01 0,Allocated(Closed Range),BT,9 digit numbers,,", "44800001000", 100, "allocated", "BT"),
        ("8454 64 0,Allocated,BT,7 digit numbers,,", "448454640", 1, "allocated", "BT"),
        ('5511 02,Protected,"Somebody, before",10 digit numbers,,', "445511020000", 10_000, "protected", ""),
        ("7603 0,Designated,,10 digit numbers,,", "447603000000", 100_000, "designated", ""),
        ("7624 51,Quarantined,,10 digit numbers,,", "447624510000", 10_000, "quarantined", ""),
        ("2079,Reserved,,10 digit numbers,,", "442079000000", 1_000_000, "reserved", ""),
    ],
)  # fmt: skip
def test_a_row_of_ofcom_is_a_block(row, start, count, status, holder):
    blocks, problems = read(ofcom(row))
    assert problems == []
    (block,) = blocks
    assert (block.numbers.start, block.numbers.count) == (start, count)
    assert (block.holding.status.value, block.holding.holder, block.holding.source) == (
        status,
        holder,
        "ofcom",
    )


def test_a_block_of_numbers_of_two_lengths_is_two_blocks():
    blocks, _ = read(ofcom("1204 52,Allocated,BT,Mixed 9 & 10 digit numbers,,"))
    assert [(block.numbers.start, block.numbers.count) for block in blocks] == [
        ("44120452000", 1000),
        ("441204520000", 10_000),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("seven,Free,,10 digit numbers,,", "is not three to ten leading digits"),
        ("0207 1,Free,,10 digit numbers,,", "is not three to ten leading digits"),
        ("7,Free,,10 digit numbers,,", "is not three to ten leading digits"),
        ("999,Free,,3 digit numbers,,", "fits no such block"),
        ("7700 1,Sold,X,10 digit numbers,,", "is none that is known"),
        ("7700 1,Allocated,X,many,,", "fits no such block"),
        ("7700 1,Allocated,X,99 digit numbers,,", "fits no such block"),
        ("7700 12345,Allocated,X,7 digit numbers,,", "fits no such block"),
        ("7700 1,Allocated,,10 digit numbers,,", "to nobody"),
        ("7700 1,Allocated,X", "has 3 columns where the header has 6"),
        ('7700 1,Allocated,"X,10 digit numbers,,', "not CSV"),
        ("7700 1,Allocated,X\x07Y,10 digit numbers,,", "not plain text"),
        (f"7700 1,Allocated,{'X' * 101},10 digit numbers,,", "longer than 100 signs"),
        (f"7700 1,Allocated,{'X' * 5000},10 digit numbers,,", "longer than 4096 bytes"),
        ("7700 000,Free,,10 digit numbers,,", "stands in line"),
    ],
)
def test_a_row_that_says_no_block_is_set_aside_with_its_line_and_why(row, words):
    blocks, problems = read(ofcom(*(GOOD.format(each) for each in range(200)), row))
    assert len(blocks) == 200
    (problem,) = problems
    assert problem.line == 202
    assert words in problem.problem


def test_one_line_of_another_encoding_is_set_aside_and_a_file_of_them_is_refused():
    latin = "7700 9,Allocated,Télécom,10 digit numbers,,\n".encode("latin-1")
    blocks, problems = read(ofcom(good=200).encode() + latin)
    assert (len(blocks), problems) == (200, [LineProblem(202, "the line is not UTF-8 text")])
    _, problems = read(ofcom(good=2).encode() + latin * 2)
    assert problems[-1] == LineProblem(0, "2 of 4 lines cannot be read: this is no ofcom file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\r\n\r\n", "is empty"),
        (OFCOM_HEADER + "\n", "no blocks"),
        ("Company_Phone_Number\n2125550123\n", "no column 'Number Block'"),
        ("start,count,trunk\n+442079460000,1,a\n", "no column 'Number Block'"),
        (ofcom(good=3)[:-9], "was cut off"),
        (ofcom(good=3).rstrip(), "was cut off"),
        ("\x00\x00\x00", "NUL"),
        (b"\xff\xfe" + OFCOM_HEADER.encode("utf-16-le"), "not UTF-8"),
        ("\n".join([OFCOM_HEADER, *["7700 1,Free,,10 digit numbers,,"] * 1000, ""]), "999 of 1000 lines"),
    ],
)
def test_a_file_that_is_something_else_is_refused_whole(text, words):
    _, problems = read(text)
    assert problems[-1].line == 0
    assert words in problems[-1].problem


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert read(b"\xef\xbb\xbf" + ofcom(good=2).encode())[1] == []


# --- NANPA -------------------------------------------------------------------------------------
N11 = [(f"212-{digit}11", "UA", "") for digit in range(2, 10)]


def test_central_office_codes_are_blocks_of_ten_thousand():
    blocks, problems = read(nanpa(("212-200", "AS", "Example LLC"), ("212-201", "VC", "")), "nanpa")
    assert problems == []
    assert [(each.numbers.start, each.numbers.count, each.holding.status.value) for each in blocks] == [
        ("12122000000", 10_000, "allocated"),
        ("12122010000", 10_000, "free"),
    ]


def test_an_area_code_that_is_listed_whole_says_which_codes_nobody_has():
    blocks, _ = read(nanpa(("212-200", "AS", "Example LLC"), *N11), "nanpa")
    assert Counter(block.holding.status for block in blocks) == {
        BlockStatus.ALLOCATED: 1,
        BlockStatus.UNAVAILABLE: 8,
        BlockStatus.UNLISTED: 791,
    }
    assert Allocations(blocks).holding("12122015555").status is BlockStatus.UNLISTED


def test_an_area_code_that_is_listed_in_part_says_nothing_of_the_rest():
    blocks, _ = read(
        nanpa(("212-200", "AS", "Example LLC"), *N11[:-1], ("646-200", "AS", "Example LLC")), "nanpa"
    )
    assert all(block.holding.status is not BlockStatus.UNLISTED for block in blocks)


@pytest.mark.parametrize(
    "row", [("112-200", "AS", "X"), ("212-1000", "AS", "X"), ("911", "AS", "X"), ("212-200", "ZZ", "X")]
)
def test_what_is_no_code_is_refused(row):
    _, problems = read(nanpa(row), "nanpa")
    assert [problem.line for problem in problems] == [2, 0]


def test_commas_do_as_well_as_tabs():
    text = nanpa(("212-200", "AS", "Example LLC")).replace("\t", ",")
    assert len(read(text, "nanpa")[0]) == 1


# --- whatever comes ----------------------------------------------------------------------------
LINES = st.lists(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.sampled_from([OFCOM_HEADER, NANPA_HEADER, GOOD.format(1)]).map(str.encode),
    max_size=12,
)


@given(st.sampled_from(ALLOCATION_FORMATS), LINES, st.sampled_from([OFCOM_HEADER, NANPA_HEADER, ""]))
def test_any_bytes_give_blocks_and_problems_and_nothing_else(form, lines, header):
    data = b"\n".join([header.encode(), *lines])
    blocks, problems = read(data, form)
    assert all(each.line >= 0 and each.problem for each in problems)
    if not blocks:
        assert problems


@pytest.mark.skipif(not OFCOM.exists(), reason="Ofcom's files are not beside the project")
def test_ofcoms_files_of_september_2025_go_in_whole():
    blocks, rows = [], 0
    for path in sorted(OFCOM.glob("S*.csv")):
        data = path.read_bytes()
        found, problems = read(data)
        assert problems == []
        blocks += found
        rows += len(data.splitlines()) - 1
    assert len(blocks) == rows == 45_400
    listed = Allocations(blocks)
    assert listed.holding("447406812345").holder == "08Direct Limited"
    assert listed.holding("447700900123").status is BlockStatus.PROTECTED
    assert listed.holding("442079460123") is None
