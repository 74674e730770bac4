"""Every key of the configuration on the disk, its value, and the file, variable or default it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.generation.effective import EffectiveKey, effective_keys
from gateway.generation.environment import read_overrides
from gateway.generation.policy_file import POLICY_FILE, PolicyFile
from gateway.generation.problem import Problem
from gateway.generation.settings import SETTINGS_FILE, Settings, sections
from gateway.generation.toml_file import Table

_MODELS: Final[Mapping[str, type[Table]]] = {SETTINGS_FILE: Settings, POLICY_FILE: PolicyFile}


def configured_keys(
    directory: Path, environment: Mapping[str, str]
) -> tuple[list[EffectiveKey], list[Problem]]:
    """The keys in the order of the files, and everything that stands in the way of reading others."""
    overrides, problems = read_overrides(
        environment,
        {section: table for model in _MODELS.values() for section, table in sections(model).items()},
    )
    keys: list[EffectiveKey] = []
    for name, model in _MODELS.items():
        try:
            data = (directory / name).read_bytes()
        except OSError as error:
            problems.append(Problem(str(directory / name), None, "", f"cannot be read: {error.strerror}"))
            continue
        found = effective_keys(model, str(directory / name), data, overrides)
        if isinstance(found, list):
            problems += found
        else:
            keys += found
    return keys, problems
