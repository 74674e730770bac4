"""Keys set from outside the files: `CALLMARK_SECTION__KEY` variables.

As strict as the files: a variable that starts with `CALLMARK_` and sets nothing is a problem, because
an operator who set it believes that it works. Lists are written with commas or as a TOML array.
The environment is an argument here; this reads none.
"""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Union, get_args, get_origin

from pydantic import BaseModel

from gateway.generation.problem import ENVIRONMENT, Problem, did_you_mean

PREFIX: Final = "CALLMARK_"
NOT_SETTINGS: Final = frozenset(
    {"CALLMARK_CONFIG_DIRECTORY", "CALLMARK_TOKEN", "CALLMARK_URL"}
    | {"CALLMARK_CHANNEL_FD", "CALLMARK_LISTENERS", "CALLMARK_NODE_SETTINGS", "CALLMARK_PLANE"}
    | {"CALLMARK_REDACTION_KEY"}
    | {"CALLMARK_VALKEY_SOCKET", "CALLMARK_WORKER_SLOT"}
)
"""What the command line reads, and what the supervisor tells its children."""
_ORCHESTRATOR: Final = re.compile(r"CALLMARK_(SERVICE|PORT)(_[A-Z0-9_]*)?")
# Kubernetes sets these in every pod beside a Service named "callmark": refusing them would refuse to
# start for a variable that nobody wrote.
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


@dataclass(frozen=True, slots=True)
class Override:
    """One key set by a variable, still as text."""

    variable: str
    text: str


Overrides = Mapping[tuple[str, str], Override]
"""By section and key."""


def read_overrides(
    environment: Mapping[str, str], sections: Mapping[str, type[BaseModel]]
) -> tuple[Overrides, list[Problem]]:
    """The overrides of the known sections, and a problem for each variable that names no known key."""
    overrides: dict[tuple[str, str], Override] = {}
    problems: list[Problem] = []
    for variable, text in sorted(environment.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        section, separator, key = variable.removeprefix(PREFIX).lower().partition("__")
        if not is_utf8(text):
            problems.append(Problem(ENVIRONMENT, None, variable, "is not UTF-8 text"))
        elif variable != variable.upper():
            problems.append(_unknown(variable, "must be in capitals", variable.upper()))
        elif not separator:
            if _ORCHESTRATOR.fullmatch(variable) is None:
                problems.append(_unknown_variable(variable, sections))
        elif section not in sections or key not in sections[section].model_fields:
            problems.append(_unknown_variable(variable, sections))
        else:
            overrides[section, key] = Override(variable, text)
    return overrides, problems


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold it; names and variables of other bytes come as lone surrogates (PEP 383)."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def variable_name(section: str, key: str) -> str:
    """The variable that sets this key."""
    return f"{PREFIX}{section}__{key}".upper()


def value_from_text(text: str, annotation: object) -> object:
    """The value a TOML file would have held; the text itself where it does not fit the annotation.

    What does not fit is refused by the model afterwards, with the same words as in a file.
    """
    kinds = _kinds(annotation)
    stripped = text.strip()
    if tuple in kinds:
        return _list_from_text(stripped, annotation)
    if type(None) in kinds and not stripped:
        return None
    if bool in kinds:
        return {"true": True, "false": False}.get(stripped, text)
    if int in kinds and _INTEGER.fullmatch(stripped):
        return int(stripped)
    if float in kinds and _NUMBER.fullmatch(stripped):
        return float(stripped)
    return text


def _list_from_text(text: str, annotation: object) -> object:
    if text.startswith("["):
        try:
            return tomllib.loads(f"list = {text}")["list"]
        except (ValueError, RecursionError):
            return text
    elements = [element.strip() for element in text.split(",")] if text else []
    element_annotation = next(iter(get_args(annotation)), str)
    return [value_from_text(element, element_annotation) for element in elements]


def _kinds(annotation: object) -> set[object]:
    """The plain types a value may have; `Annotated` and unions looked through."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return {kind for member in get_args(annotation) for kind in _kinds(member)}
    return {origin or annotation}


def _unknown_variable(variable: str, sections: Mapping[str, type[BaseModel]]) -> Problem:
    known = [variable_name(section, key) for section, model in sections.items() for key in model.model_fields]
    nearest = did_you_mean(variable.lower(), [name.lower() for name in known])
    return Problem(
        ENVIRONMENT,
        None,
        variable,
        "sets no known key; variables are CALLMARK_SECTION__KEY with two underscores between",
        nearest.upper().replace("DID YOU MEAN", "did you mean"),
    )


def _unknown(variable: str, message: str, instead: str) -> Problem:
    return Problem(ENVIRONMENT, None, variable, message, f"did you mean '{instead}'?")
