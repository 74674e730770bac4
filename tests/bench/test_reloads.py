"""Reloads under an open loop's load, bounded; `python -m bench.reloads` has the figures."""

from __future__ import annotations

import os

import pytest

from bench.measure import LOAD_CORE, SERVER_CORE
from bench.reloading import KEYS
from bench.reloads import Size, report, run


@pytest.mark.skipif(
    not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0), reason="the load has a core of its own"
)
def test_no_call_fails_and_no_answer_is_made_of_two_configurations(tmp_path):
    found = run(tmp_path, Size(runs=1, reloads=20, seconds=15.0), rate=30.0)
    assert len(found.reloads) == 20
    assert [each for each in found.reloads if each["status"] != each["expected"]] == []
    assert {each["kind"] for each in found.reloads} == {"good", "torn", "bad", "key"}
    assert len(found.variants) > 5
    assert all(len(variants) == 1 for variants in found.variants.values())
    assert {x5u.rpartition("/")[2] for x5u in found.x5us} == {f"{name}.pem" for name in KEYS}
    assert "no 5xx" in report(found)
