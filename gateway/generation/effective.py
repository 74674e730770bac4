"""Every key in force, its value, and where that value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from gateway.generation.environment import Overrides
from gateway.generation.problem import Problem, mask_secrets
from gateway.generation.settings import RELOADABLE, Settings, sections
from gateway.generation.toml_file import Table, check_table, parse_toml


@dataclass(frozen=True, slots=True)
class EffectiveKey:
    """One key as the gateway takes it."""

    section: str
    key: str
    value: object
    """JSON-like; passwords in URLs are masked."""
    source: str
    """`gateway.toml:12`, the name of a variable, or `default`."""
    takes_effect: Literal["reload", "restart"]


def effective_keys(
    model: type[Table], name: str, data: bytes, overrides: Overrides
) -> tuple[EffectiveKey, ...] | list[Problem]:
    """The keys of a file laid over the model's defaults, in the order of the model."""
    file = parse_toml(name, data)
    if isinstance(file, Problem):
        return [file]
    own = {place: override for place, override in overrides.items() if place[0] in model.model_fields}
    table = check_table(model, file, own)
    if isinstance(table, list):
        return table

    def keys() -> Iterator[EffectiveKey]:
        for section in sections(model):
            for key, value in getattr(table, section):
                override = own.get((section, key))
                line = file.lines.get((section, key))
                if override is not None:
                    source = override.variable
                else:
                    source = "default" if line is None else f"{name}:{line}"
                restarted = model is Settings and section not in RELOADABLE
                yield EffectiveKey(section, key, _shown(value), source, "restart" if restarted else "reload")

    return tuple(keys())


def _shown(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_shown(element) for element in value]
    return mask_secrets(value) if isinstance(value, str) else value
