from __future__ import annotations

import json
import random
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from gateway.cli.reputation import reputation


@pytest.fixture
def days(tmp_path):
    """Three days on which the same three blocks are called from, and one file that is no day."""
    source = random.Random(1)
    for day in ("2025-11-20", "2025-11-21", "2025-11-24"):
        lines = [f"{block}{source.randrange(1000):03d}" for block in ("2015554", "3125556", "8005551")] * 20
        (tmp_path / f"{day}.csv").write_text("Company_Phone_Number\n" + "\n".join(lines) + "\n123\n")
    (tmp_path / "notes.csv").write_text("Company_Phone_Number\n2015554000\n")
    return tmp_path


def evaluate(*arguments):
    return CliRunner().invoke(reputation, ["eval", "--sample", "5000", *map(str, arguments)])


def test_each_day_but_the_first_is_tested_against_all_files_before_it(days):
    files = sorted(days.glob("2025-*.csv"))
    result = evaluate(*files, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert [(each["day"], each["gap_days"], each["complaints"]) for each in found["days"]] == [
        ("2025-11-21", 1, 60),
        ("2025-11-24", 3, 60),
    ]
    assert found["budgets"] == [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01]
    assert found["mean"]["blocks"]["all"][3] == 1.0
    assert found["mean"]["blocks"]["never_seen"][3] == 1.0
    assert found["mean"]["exact list"]["never_seen"] == [0.0] * 6
    again = json.loads(evaluate(*reversed(files), "--json").stdout)
    assert again == found


def test_the_table_says_what_the_json_says_and_what_was_left_out(days):
    shown = evaluate(*days.glob("2025-*.csv"), "--test-days", "1").output
    assert "Complaints foreseen on 1 day," in shown
    assert "2025-11-24" in shown
    assert "2025-11-21  " not in shown
    assert "2025-11-20.csv: 1 lines hold no number and were left out." in shown


def test_the_picture_is_svg_with_a_curve_for_each_rule(days):
    picture = days / "recall.svg"
    assert evaluate(*days.glob("2025-*.csv"), "--picture", picture).exit_code == 0
    drawn = ET.fromstring(picture.read_text(encoding="utf-8"))
    assert len(drawn.findall("{*}polyline")) == 3
    assert any(
        "1000-block counts" in (text.text or "") for text in drawn.iter("{http://www.w3.org/2000/svg}text")
    )


@pytest.fixture
def honest(days):
    """Two numbers in a block that is called from, two elsewhere (one twice), and what is no number here."""
    lines = [
        "2015554999",
        "2015554998",
        "2025550100",
        "(not a number)",
        "2125550100",
        "2125550100",
        "+442079460123",
    ]
    path = days / "honest.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_honest_numbers_stand_beside_random_ones_at_each_share_of_the_plan(days, honest):
    result = evaluate(*days.glob("2025-*.csv"), "--honest", honest, "--json")
    found = json.loads(result.stdout)
    told = found["honest"]
    assert told["numbers"] == 4
    assert told["flagged"]["blocks"]["honest"][3] == 0.5
    assert told["flagged"]["blocks"]["random"][3] <= 0.002
    assert told["flagged"]["blocks"]["no_more_than_chance"][3] is False
    assert told["flagged"]["exact list"]["honest"] == [0.0] * 6
    assert told["blocks"]["blocked"] == {"honest": 0.0, "random": 0.0, "no_more_than_chance": True}
    assert told["own_complaints"]["labelled"]["honest"] == 0.0
    assert [each["honest"]["numbers"] for each in found["days"]] == [4, 4]
    assert "honest.txt, line 4: " in result.stderr
    assert "honest.txt: 1 lines hold no number and were left out." in result.stderr
    assert "honest.txt: 1 numbers are not of the plan and were left out." in result.stderr


def test_what_befalls_honest_numbers_is_said_in_sentences_and_on_the_picture(days, honest):
    picture = days / "recall.svg"
    shown = evaluate(*days.glob("2025-*.csv"), "--honest", honest, "--picture", picture).output
    first = "Of 4 honest numbers, blocks flag 50.000 % at 0.2 % of the plan: more often than chance:"
    assert first in shown
    assert "None is blocked for the blocks around them." in shown
    assert "None is labelled for complaints about themselves." in shown
    assert first in picture.read_text(encoding="utf-8")


def test_honest_numbers_are_treated_by_the_policy_given(days, honest):
    policy = days / "policy.toml"
    policy.write_text(
        "[verdict]\nneighbours_challenge_at = 0.4\n[treatment]\nscreening_uri = 'sip:s@example.org'\n"
    )
    given = [*days.glob("2025-*.csv"), "--honest", honest, "--policy", policy, "--json"]
    told = json.loads(evaluate(*given).stdout)["honest"]
    assert told["blocks"]["labelled"]["honest"] == 0.0
    assert told["blocks"]["challenged"]["honest"] == 0.5
    policy.write_text("[verdict]\nneighbours_label_at = 7\n")
    refused = evaluate(*given)
    assert refused.exit_code == 1
    assert "neighbours_label_at" in refused.output
    assert evaluate(*given[:3], "--policy", policy).exit_code == 2


def test_a_file_without_an_honest_number_of_the_plan_is_refused(days, tmp_path):
    file = tmp_path / "honest.txt"
    file.write_text("+442079460123\n")
    result = evaluate(*days.glob("2025-*.csv"), "--honest", file)
    assert result.exit_code == 1
    assert "holds no number of the plan" in result.output


def test_a_list_of_another_country_is_measured_by_its_own_plan(tmp_path):
    for day in ("2025-11-20", "2025-11-21"):
        (tmp_path / f"{day}.csv").write_text("tn\n" + "\n".join(f"+4144123{n:04d}" for n in range(40)) + "\n")
    found = json.loads(evaluate(*tmp_path.glob("*.csv"), "--plan", "41ZXXXXXXXX", "--json").stdout)
    assert found["days"][0]["recall"]["exact list"]["all"][0] == 1.0


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        (["2025-11-20.csv"], [], "give at least two days"),
        (["2025-11-20.csv", "notes.csv"], [], "notes.csv names no day"),
        (["2025-11-20.csv", "2025-11-20.csv"], [], "are of the same day"),
        (["2025-11-20.csv", "2025-11-21.csv"], ["--plan", "moon"], "is not the shape of a number"),
        (["2025-11-20.csv", "2025-11-22.csv"], [], "2025-11-22.csv, line 1: unknown column 'Phone'"),
        (["2025-11-20.csv", "2025-11-23.csv"], [], "2025-11-23.csv holds no number"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(days, files, options, words):
    (days / "2025-11-22.csv").write_text("Phone\n2015554000\n")
    (days / "2025-11-23.csv").write_text("Company_Phone_Number\n")
    result = evaluate(*(days / name for name in files), *options)
    assert result.exit_code in {1, 2}
    assert words in " ".join(result.output.split())
