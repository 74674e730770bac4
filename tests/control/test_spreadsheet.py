from __future__ import annotations

import csv
import io

import pytest

from gateway.control.spreadsheet import spreadsheet


def cell(value: object) -> str:
    [_, [read]] = csv.reader(io.StringIO(spreadsheet(["x"], [[value]]), newline=""))
    return read


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_begins_as_a_formula_is_text(begin):
    assert cell(f"{begin}1+cmd|x") == f"'{begin}1+cmd|x"


@pytest.mark.parametrize("begin", ["+441614960000;=1+1", "+44 =1", "+", "+44\n=1", "+44\t=1"])
def test_what_only_begins_as_a_number_is_text(begin):
    assert cell(begin) == f"'{begin}"


@pytest.mark.parametrize(
    ("value", "written"),
    [("+441614960000", "+441614960000"), (["+44161", "+44162"], "+44161 +44162"), (None, ""), (1.5, "1.5")],
)
def test_numbers_keep_their_plus(value, written):
    assert cell(value) == written


def test_every_cell_is_quoted_so_that_no_separator_of_a_country_parts_one():
    assert spreadsheet(["a", "b"], [["x;=1+1", 'say "y"']]) == '"a","b"\r\n"x;=1+1","say ""y"""\r\n'
