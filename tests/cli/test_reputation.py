from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli.reputation import reputation
from tests.valkey import running_valkey


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def run(tmp_path):
    def command(*arguments: str):
        return CliRunner().invoke(reputation, [*arguments, "--data-directory", str(tmp_path / "data")])

    return command


@pytest.fixture
def complaints(tmp_path):
    path = tmp_path / f"{today()}.csv"
    path.write_text("Company_Phone_Number\n2025550123\n2025550123\n2025550123\n2991577\n")
    return str(path)


def test_an_import_says_what_was_taken_merged_and_refused(run, complaints):
    first = run("import", complaints, "--format", "ftc-dnc")
    assert first.exit_code == 0
    assert "3 taken, 0 merged (known already), 1 refused." in first.output
    assert "line 5: Company_Phone_Number '2991577' is not ten digits" in first.output
    again = json.loads(run("import", complaints, "--format", "ftc-dnc", "--json").stdout)
    assert (again["taken"], again["merged"], again["refused"]) == (0, 3, 1)


def test_an_import_reaches_redis_or_says_that_it_did_not(run, complaints, monkeypatch):
    assert (
        "the next start brings it to the embedded Valkey"
        in run("import", complaints, "--format", "ftc-dnc").output
    )
    with running_valkey() as valkey:
        monkeypatch.setenv("CALLMARK_REDIS__URL", valkey.url)
        done = run("import", complaints, "--format", "ftc-dnc")
        assert "1 number is up to date in Redis." in done.output
        assert valkey.client().dbsize() == 257
    done = run("import", complaints, "--format", "ftc-dnc")
    assert done.exit_code == 0
    assert "The record has it, Redis does not" in done.output


def test_show_explains_a_number(run, complaints):
    run("import", complaints, "--format", "ftc-dnc")
    shown = run("show", "+1 202-555-0123".replace(" ", ""))
    assert "+12025550123: score 0.50 of 1" in shown.output
    assert f"ftc-dnc: 3 complaints, on {today()}, together weigh 3.00 today" in shown.output
    document = json.loads(run("show", "+12025550123", "--json").stdout)
    assert document["sightings"] == [{"day": str(today()), "feed": "ftc-dnc", "label": "", "count": 3}]
    neighbour = run("show", "+12025550199").output
    assert "nothing is known of the number itself" in neighbour
    assert "exchange +1202555…: 1 number seen; score 0." in neighbour
    assert "ten +1202555019…: fewer than two numbers seen; score 0." in neighbour
    assert "number +12025550199: not seen itself" in neighbour
    assert document["neighbours"]["levels"][-1]["numbers"] == 1


def test_an_export_is_a_file_that_import_takes(run, complaints, tmp_path):
    run("import", complaints, "--format", "ftc-dnc")
    exported = tmp_path / "exported.csv"
    exported.write_text(run("export").stdout)
    again = json.loads(run("import", str(exported), "--format", "csv", "--json").stdout)
    assert (again["taken"], again["merged"], again["refused"]) == (0, 3, 0)


def test_what_cannot_be_done_is_a_sentence_and_no_traceback(run, tmp_path, complaints):
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n")
    for arguments, words in (
        (("show", "+12025550123"), "there is no record"),
        (("import", str(tmp_path / "wrong.csv"), "--format", "ftc-dnc"), "not an FTC file"),
        (("import", complaints, "--format", "ftc-dnc", "--feed", "No Name"), "feed name"),
        (("show", "call me"), "call me"),
    ):
        done = run(*arguments)
        assert done.exit_code == 1
        assert words in done.output
        assert "Traceback" not in done.output


def test_a_released_number_stays_released_until_it_is_complained_of_anew(run, complaints, tmp_path):
    run("import", complaints, "--format", "ftc-dnc")
    released = run("release", "+12025550123", "--reason", "forged; the owner has shown us")
    assert f"+12025550123 is released: 3 sightings until {today()} no longer count." in released.output
    assert "score 0.00 of 1" in run("show", "+12025550123").output
    run("import", complaints, "--format", "ftc-dnc")
    assert "score 0.00 of 1" in run("show", "+12025550123").output
    later = tmp_path / f"{today() + timedelta(days=1)}.csv"
    later.write_text("Company_Phone_Number\n2025550123\n")
    run("import", str(later), "--format", "ftc-dnc")
    assert "score 0.25 of 1" in run("show", "+12025550123").output


def test_operators_list_and_answer_disputes(run, complaints):
    run("import", complaints, "--format", "ftc-dnc")
    assert "No dispute waits" in run("disputes", "list").output
    assert (
        "Dispute 1 about +12025550123 is open"
        in run("disputes", "open", "+12025550123", "--statement", "we call our patients").output
    )
    assert "we call our patients" in run("disputes", "list").output
    assert "goes on counting" in run("disputes", "reject", "1", "--reason", "these were sales calls").output
    again = run("disputes", "uphold", "1", "--reason", "x")
    assert again.exit_code == 1
    assert "answered already" in again.output
    run("disputes", "open", "+12025550123", "--statement", "[/] these were not ours")
    assert "[/] these were not ours" in run("disputes", "list").output
    assert "3 sightings" in run("disputes", "uphold", "2", "--reason", "forged").output
    assert "score 0.00 of 1" in run("show", "+12025550123").output
    listed = run("disputes", "list", "--all").output
    assert "rejected" in listed
    assert "upheld" in listed


def test_a_release_needs_a_number_and_a_reason(run, complaints):
    run("import", complaints, "--format", "ftc-dnc")
    assert "a reason is needed" in run("release", "+12025550123", "--reason", " ").output
    assert run("release", "no number", "--reason", "x").exit_code == 1
