"""The bench's page and picture equal its figures; a run writes what is read; what has fallen is said."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from bench import check, pages
from bench.hostile import KINDS, requests, verstats
from bench.material import read_key
from bench.picture import picture
from bench.targets import LATENCY_MS, RATIOS
from tests import pki


@pytest.fixture(scope="module")
def figures():
    return json.loads((pages.RESULTS / "latest.json").read_text())


def test_the_page_says_what_the_results_say(figures):
    text = pages.PAGE.read_text()
    assert pages.page(text, pages.RESULTS) == text
    for name, value in figures["ratios"].items():
        assert f"| `{name}` | **{value:.2f}** |" in text


def test_the_committed_pictures_are_those_of_the_results(figures):
    assert pages.PICTURE.read_text() == (pages.RESULTS / "latest.svg").read_text() == picture(figures)
    root = ET.fromstring(picture(figures))
    words = {each.text for each in root.iter("{http://www.w3.org/2000/svg}text")}
    assert f"{figures['ratios']['verify_vs_secsipidx']:.2f}  ({RATIOS['verify_vs_secsipidx']})" in words


def test_the_results_hold_every_figure_that_has_a_bound(figures):
    assert set(RATIOS) <= set(figures["ratios"])
    assert set(LATENCY_MS) <= set(figures["latency_ms"])
    assert figures["ratios"]["hostile_vs_genuine"] == max(
        each["ratio"] for each in figures["hostile"].values()
    )
    assert not figures["quick"]


def test_a_figure_that_has_fallen_is_named_with_its_part_and_one_within_noise_is_not():
    baseline = dict.fromkeys(check.WATCHED, 1.0)
    assert check.compare(baseline, baseline)[1] == []
    fallen = baseline | {"verify_vs_openssl": 0.7, "hostile_vs_genuine": 1.5, "sign_vs_openssl": 0.85}
    lines, names = check.compare(fallen, baseline)
    assert names == ["verify_vs_openssl", "hostile_vs_genuine"]
    (line,) = (each for each in lines if each.startswith("verify_vs_openssl"))
    assert line.endswith("+30% (20%)   WORSE")


def test_everything_watched_is_in_the_results_and_in_the_baseline(figures):
    baseline = json.loads(check.BASELINE.read_text())
    assert set(check.watched(figures)) == set(baseline) == set(check.WATCHED)


def test_each_kind_of_hostile_token_is_another_for_every_call(tmp_path):
    file = tmp_path / "key.pem"
    file.write_bytes(pki.make_root().key_pem)
    key = read_key(file)
    for kind in KINDS:
        made = requests(kind, 3, key=key, token="t")
        bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in made]
        headers = [tuple(body["call"]["identity"]) for body in bodies]
        assert len(set(headers)) == 3, kind.name
        assert {len(each) for each in headers} == {kind.headers}


def test_what_answers_say_is_read_out_of_them():
    assert verstats([b'{"verstat":"No-TN-Validation"}', b'{"verstat":"A"}', b'{"verstat":"A"}']) == (
        "A",
        "No-TN-Validation",
    )
