"""Configurations named for what is wrong with them: each is refused with the words expected, and no others.

A folder holds the files that differ from `config/`, and `expected.txt`: a fragment of each problem, one a
line. `environment.txt` holds variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.generation.environment import read_overrides
from gateway.generation.generation import Generation, build
from gateway.generation.policy_file import PolicyFile
from gateway.generation.problem import Problem
from gateway.generation.settings import SETTINGS_FILE, Settings, build_settings, sections
from gateway.generation.texts import OPTIONAL_FILES, POLICY_FILES
from tests.generation.conftest import COMMITTED, texts_of

BROKEN = Path(__file__).parent / "broken"
READ = {*POLICY_FILES, *OPTIONAL_FILES}
CASES = sorted(path.name for path in BROKEN.iterdir())


def problems_of(folder: Path, committed: Mapping[str, bytes]) -> list[Problem]:
    changed = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in {".toml", ".csv"}}
    listed = folder / "environment.txt"
    lines = listed.read_text().splitlines() if listed.exists() else []
    environment = dict(line.split("=", 1) for line in lines)
    overrides, problems = read_overrides(environment, {**sections(Settings), **sections(PolicyFile)})
    of_settings = {place: each for place, each in overrides.items() if place[0] in Settings.model_fields}
    settings_text = changed.get(SETTINGS_FILE) or (COMMITTED / SETTINGS_FILE).read_bytes()
    settings = build_settings(settings_text, of_settings)
    problems += settings if isinstance(settings, list) else []
    of_policy = {each.variable: each.text for place, each in overrides.items() if place not in of_settings}
    files = {**committed, **{name: data for name, data in changed.items() if name in READ}}
    generation = build(texts_of(files, **of_policy))
    return problems + (generation if isinstance(generation, list) else [])


@pytest.mark.parametrize("name", CASES)
def test_is_refused_with_file_line_key_and_what_is_allowed(name: str, committed: Mapping[str, bytes]) -> None:
    expected = (BROKEN / name / "expected.txt").read_text().splitlines()
    found = [str(problem) for problem in problems_of(BROKEN / name, committed)]
    assert len(found) == len(expected), found
    for fragment in expected:
        assert any(fragment in each for each in found), (fragment, found)


def test_the_committed_configuration_is_whole(committed: Mapping[str, bytes]) -> None:
    assert isinstance(build(texts_of(committed)), Generation)
    assert isinstance(build_settings((COMMITTED / SETTINGS_FILE).read_bytes(), {}), Settings)
