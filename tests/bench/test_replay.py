"""The replay: the same calls from the same seed, numbers that nobody has, a run through a real gateway."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from bench.replay import callers
from bench.replay.scenario import CAMPAIGNS, arrivals, rates
from tests.gateway_node import PROJECT

RATES = rates(ordinary=20, scam=8)
NOBODYS = (
    "+447700900", "+442079460", "+441632960", "+443069990", "+44289018", "+44292018", *callers.AREAS
)  # fmt: skip


def test_a_seed_makes_the_same_calls_and_another_one_others():
    first = list(arrivals(CAMPAIGNS, RATES, seconds=20, seed=1))
    assert first == list(arrivals(CAMPAIGNS, RATES, seconds=20, seed=1))
    assert first != list(arrivals(CAMPAIGNS, RATES, seconds=20, seed=2))
    assert all(a.at <= b.at for a, b in pairwise(first))


def test_there_are_eight_scam_calls_a_second_and_every_campaign_has_its_share():
    calls = Counter(each.campaign for each in arrivals(CAMPAIGNS, RATES, seconds=500, seed=1))
    scam = {each.name for each in CAMPAIGNS if each.is_scam}
    assert sum(calls[name] for name in scam) / 500 == pytest.approx(8, rel=0.1)
    assert set(calls) == {each.name for each in CAMPAIGNS}


def test_no_number_is_anybodys():
    for call in arrivals(CAMPAIGNS, RATES, seconds=100, seed=3):
        for number in (call.shown, call.called):
            assert number.startswith(NOBODYS) or number[5:9] == "5550" or number[5:10] == "55501", number


def test_one_command_replays_through_a_real_gateway_and_the_bank_loses_no_call():
    done = subprocess.run(
        [sys.executable, "-m", "bench.replay", "--seconds", "6", "--ordinary", "10", "--json"],
        cwd=PROJECT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    figures = json.loads(done.stdout)
    assert figures["is_synthetic"]
    by_name = {each["campaign"]: each for each in figures["campaigns"]}
    assert set(by_name) == {each.name for each in CAMPAIGNS}
    assert by_name["bank"]["calls"] > 0
    assert by_name["bank"]["calls_lost"] == by_name["bank"]["labelled"] == 0
    assert by_name["hmrc"]["catch_rate"] == 1.0
