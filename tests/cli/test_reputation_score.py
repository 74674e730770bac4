from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli.reputation import reputation

TODAY = datetime.now(UTC).date()


@pytest.fixture
def run(tmp_path):
    def command(*arguments: str, stdin: str | None = None):
        options = ["--data-directory", str(tmp_path / "data")]
        return CliRunner().invoke(reputation, [*arguments, *options], input=stdin)

    return command


@pytest.fixture
def record(run, tmp_path):
    for ago, lines in ((3, (100, 101, 102, 500)), (1, (103, 104))):
        path = tmp_path / f"{TODAY - timedelta(days=ago)}.csv"
        path.write_text("Company_Phone_Number\n" + "\n".join(f"2025554{line:03d}" for line in lines) + "\n")
        assert run("import", str(path), "--format", "ftc-dnc").exit_code == 0


def scores(result):
    return {tn: float(score) for tn, score in (line.split(",") for line in result.stdout.splitlines())}


@pytest.mark.usefixtures("record")
def test_numbers_come_out_in_their_order_the_worse_the_nearer(run, tmp_path):
    asked = ["+12025554100", "+12025554109", "+12025554199", "+12025554999", "+12025559999", "+442079460123"]
    file = tmp_path / "numbers.txt"
    file.write_text("\n".join(asked) + "\n")
    found = scores(run("score", str(file)))
    assert list(found) == asked
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert 0 <= found["+442079460123"] < found["+12025559999"] < found["+12025554100"] <= 1


@pytest.mark.usefixtures("record")
def test_as_of_a_day_knows_only_the_days_before_it(run):
    number = "+12025554103\n"
    then = run("score", "-", "--as-of", str(TODAY - timedelta(days=1)), stdin=number)
    now = run("score", "-", "--as-of", str(TODAY), stdin=number)
    assert scores(then)["+12025554103"] < scores(now)["+12025554103"]
    assert f"2 sightings of {TODAY - timedelta(days=1)} and later were not looked at." in then.stderr
    first = run("score", "-", "--as-of", str(TODAY - timedelta(days=3)), stdin=number + "+13125550000\n")
    assert len(set(scores(first).values())) == 1


@pytest.mark.parametrize(
    "written", ["(202) 555-4100", "(202)555-4100", "202-555-4100", "202.555.4100", "202 555 4100"]
)
@pytest.mark.usefixtures("record")
def test_numbers_as_north_americans_write_them_are_theirs(run, written):
    result = run("score", "-", stdin=f"\ufeff2025554101\r\n{written}\r\n\r\n+1 {written}\r\n")
    assert list(scores(result)) == ["+12025554101", "+12025554100"]
    assert len(result.stdout.splitlines()) == 3
    assert not result.stderr


def test_as_of_a_day_long_ago_counts_what_counted_then(run, tmp_path):
    path = tmp_path / "2020-03-01.csv"
    path.write_text("tn,expires\n+12025554100,2020-03-04\n+12025554200,2020-03-09\n")
    assert run("import", str(path), "--format", "csv").exit_code == 0
    asked = "+12025554100\n+12025554200\n+12025554900\n"
    then = scores(run("score", "-", "--as-of", "2020-03-03", stdin=asked))
    assert then["+12025554100"] == then["+12025554200"] > then["+12025554900"]
    later = scores(run("score", "-", "--as-of", "2020-03-05", stdin=asked))
    assert later["+12025554200"] > later["+12025554100"] == later["+12025554900"]
    assert len(set(scores(run("score", "-", stdin=asked)).values())) == 1


@pytest.mark.usefixtures("record")
def test_ten_digits_are_read_as_the_ftc_writes_them_and_a_header_is_none(run):
    result = run("score", "-", stdin="Company_Phone_Number\n2025554100\n020 7946 0123\nnot a number\n\n999\n")
    assert list(scores(result)) == ["+12025554100", "+442079460123", "999"]
    assert scores(result)["999"] == 0
    assert "line 4: a number does not contain 'n'" in result.stderr
    assert "1 lines hold no number and were left out." in result.stderr


def test_nothing_to_score_and_no_record_are_errors(run):
    assert "holds no number" in run("score", "-", stdin="?\n").output
    assert "there is no record" in run("score", "-", stdin="+12025554100\n").output
