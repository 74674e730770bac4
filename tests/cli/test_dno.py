"""`callmark dno import`: in whole or not at all, and what was there stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.dno import dno
from gateway.generation.dno_file import read_dno

THERE = """# Ours, by hand.
number_or_range,label,source,note,expires
+442079460999,HMRC (example),example,,
+441614960001,Old,registry,,
+441614960002,Old,registry,,
# The end.
"""
GOOD = "".join(f"+44161496{row:04}\n" for row in range(200))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    path = tmp_path / "config" / "dno.csv"
    path.write_text(THERE)
    return path


def run_import(target: Path, text: str | bytes, *arguments: str) -> Result:
    path = target.parent.parent / "feed.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    options = ["--source", "registry", "--directory", str(target.parent), *arguments]
    if "--format" not in arguments:
        options += ["--format", "plain"]
    return CliRunner().invoke(dno, ["import", str(path), *options])


def test_a_source_replaces_its_own_rows_and_leaves_the_rest(target: Path) -> None:
    result = run_import(target, GOOD + "999\n", "--expires", "2027-01-31", "--label", "Registry")
    assert result.exit_code == 0, result.output
    assert "feed.txt: 200 entries (before: 2), 0 lines merged, 1 set aside." in result.output
    assert "line 201: '999': 999 is an emergency number; a list names full numbers" in result.output
    text = target.read_text()
    assert text.startswith("# Ours, by hand.\nnumber_or_range,")
    assert "+442079460999,HMRC (example),example,," in text
    assert ",Old," not in text
    assert "# The end.\n+441614960000,Registry,registry,,2027-01-31\n" in text
    rows = read_dno(target.read_bytes())
    assert len(rows) == 201


def test_a_million_duplicates_are_one_entry(target: Path) -> None:
    result = run_import(target, "+442079460998\n" * 1_000_000, "--accept-shrink", "--json")
    answer = json.loads(result.stdout)
    assert (answer["taken"], answer["merged"], answer["refused"]) == (1, 999_999, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no numbers"),
        ("tn,label\n", "1 of 1 lines cannot be read"),
        (GOOD[:-1], "was cut off"),
        (GOOD + "x\n" * 10, "10 of 210 lines cannot be read"),
        (GOOD.encode() + "+44 20 ü\n".encode("latin-1") * 10, "10 of 210 lines cannot be read"),
        ("".join(f"+4416{row:03}000000/1000000\n" for row in range(51)), "names 51000001 numbers in all"),
    ],
)
def test_a_bad_feed_changes_nothing_and_is_told_why(target: Path, text: str | bytes, words: str) -> None:
    result = run_import(target, text)
    assert result.exit_code == 1
    assert words in result.output
    assert "Nothing was changed." in result.output
    assert target.read_text() == THERE


def test_a_list_that_shrinks_by_half_is_only_taken_when_that_is_meant(target: Path) -> None:
    run_import(target, GOOD)
    before = target.read_bytes()
    fewer = GOOD[: len("+441614960000\n") * 99]
    result = run_import(target, fewer)
    assert result.exit_code == 1
    assert "the list has 99 entries" in result.output
    assert "200 of registry: is it whole?" in result.output
    assert target.read_bytes() == before
    assert run_import(target, fewer, "--accept-shrink").exit_code == 0


def test_a_list_somebody_broke_by_hand_is_not_written_over(target: Path) -> None:
    target.write_text("number,label\n+442079460999,HMRC\n")
    result = run_import(target, GOOD)
    assert result.exit_code == 1
    assert "is not a column of this file" in result.output
