"""`callmark allocations`: in whole or not at all, and what was there stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.allocations import allocations
from tests.generation.test_allocation_formats import GOOD, N11, nanpa, ofcom


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "allocations.csv"


def run_import(target: Path, text: str | bytes, *arguments: str, form: str = "ofcom") -> Result:
    path = target.parent.parent / "S7.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    options = ["--format", form, "--directory", str(target.parent), *arguments]
    return CliRunner().invoke(allocations, ["import", str(path), *options])


def test_an_import_writes_the_list_and_says_what_was_in_it(target: Path) -> None:
    result = run_import(
        target, ofcom("7700 9,Protected,,10 digit numbers,,", "x,Free,,10 digit numbers,,", good=200)
    )
    assert result.exit_code == 0, result.output
    assert "S7.csv: 201 blocks (200 allocated, 1 protected); 1 lines set aside" in result.output
    assert "line 3: Number Block 'x' is not three to ten leading digits" in result.output
    assert "ofcom gives out 200,000 numbers (before: 0)" in result.output
    assert "+447700000000,1000,allocated,Example Mobile Ltd,ofcom" in target.read_text()


def test_one_source_replaces_its_own_rows_and_leaves_the_others(target: Path) -> None:
    run_import(target, ofcom(good=4))
    run_import(target, nanpa(("212-200", "AS", "Example LLC"), *N11), form="nanpa")
    result = run_import(target, ofcom(good=3), "--json")
    answer = json.loads(result.stdout)
    assert (answer["numbers_before"], answer["numbers_now"]) == (4000, 3000)
    assert answer["rows"]["ofcom"] == 3
    assert "+12122000000,10000,allocated,Example LLC,nanpa" in target.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ofcom(good=4), "give out 4,000 numbers, and"),
        (ofcom("7700 9,Free,,10 digit numbers,,"), "give nothing to anybody"),
        (ofcom(good=20).rstrip(), "was cut off"),
        ("tn\n+447700900123\n", "no column 'Number Block'"),
        (ofcom("7700 001 2,Free,,10 digit numbers,,", good=20), "overlap"),
        (
            "\n".join([ofcom().rstrip(), *[GOOD.format(1)] * 100_000, ""]),
            "99999 of 100000 lines cannot be read",
        ),
    ],
)
def test_a_bad_list_changes_nothing_and_is_told_why(target: Path, text: str, words: str) -> None:
    run_import(target, ofcom(good=10))
    before = target.read_bytes()
    result = run_import(target, text)
    assert result.exit_code == 1
    assert words in result.output
    assert "Nothing was changed." in result.output
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["allocations.csv"]


def test_a_list_that_shrinks_is_taken_when_that_is_meant(target: Path) -> None:
    run_import(target, ofcom(good=10))
    assert run_import(target, ofcom(good=4), "--accept-shrink").exit_code == 0


def test_a_list_somebody_broke_by_hand_is_not_written_over(target: Path) -> None:
    target.write_text("start,count,status,holder,source\n+44,1,allocated,A,ofcom\n")
    result = run_import(target, ofcom(good=10))
    assert result.exit_code == 1
    assert f"{target}:2: start:" in result.output


def test_show_says_whose_a_number_is(development: Path, run, tmp_path: Path) -> None:
    (development / "config" / "allocations.csv").unlink(missing_ok=True)
    source = tmp_path / "S7.csv"
    source.write_text(ofcom("7700 9,Protected,,10 digit numbers,,", good=3))
    assert "no list says anything" in run(allocations, "show", "+447700001999").stdout
    assert run(allocations, "import", str(source), "--format", "ofcom").exit_code == 0
    assert (
        run(allocations, "show", "+447700001999").stdout
        == "+447700001999: allocated to Example Mobile Ltd, from +447700001000 on 1,000 (ofcom)\n"
    )
    assert run(allocations, "show", "07700 900123").stdout == "+447700900123: protected (ofcom)\n"
    answer = json.loads(run(allocations, "show", "+447700001999", "--json").stdout)
    assert answer["block"] == {"start": "+447700001000", "count": 1000}
    (development / "config" / "allocations.csv").unlink()
