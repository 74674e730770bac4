"""A TOML file, read strictly against a model: a typed value, or every problem with its line.

The models are pydantic's, in strict mode, unknown keys forbidden; their refusals are put into words
here, in one place, so that all files speak alike. msgspec was measured and not taken: it stops at the
first mistake of a document.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Strict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gateway.generation.environment import Override, Overrides, value_from_text
from gateway.generation.problem import ENVIRONMENT, Problem, did_you_mean, quote
from gateway.generation.toml_lines import Place, locate_keys

SIZE_LIMIT: Final = 5_000_000
"""Bytes; ten thousand trunks with all their keys need about three million."""
_WORTH_SHOWING: Final = 10**20
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_Element = TypeVar("_Element")
_Model = TypeVar("_Model", bound=BaseModel)

List = Annotated[tuple[_Element, ...], Strict(strict=False)]
"""A TOML array; not strict because strict tuples refuse lists (the elements stay strict)."""


class Table(BaseModel):
    """A table of a configuration file: its fields are the keys, and there are no others."""

    model_config: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file whose syntax is right: its values, and where each stands."""

    name: str
    values: Mapping[str, object]
    lines: Mapping[Place, int] = field(repr=False)

    def line_of(self, place: Place) -> int | None:
        """The line of this key, or of the nearest table around it; None for the file as a whole."""
        while place:
            if place in self.lines:
                return self.lines[place]
            place = place[:-1]
        return None

    def problem(self, place: Place, message: str, hint: str = "") -> Problem:
        """A problem with the value at this place."""
        return Problem(self.name, self.line_of(place), render_place(place), message, hint)


def parse_toml(name: str, data: bytes) -> TomlFile | Problem:
    """Read the bytes of a file as TOML 1.0; every mistake of syntax is one problem, never an exception."""
    if len(data) > SIZE_LIMIT:
        return Problem(name, None, "", f"is {len(data)} bytes long; at most {SIZE_LIMIT} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem(name, line, "", "is not UTF-8 text", "save the file with the encoding UTF-8")
    if text.startswith("\ufeff"):
        return Problem(name, 1, "", "begins with a byte order mark", "save the file as UTF-8 without BOM")
    try:
        return TomlFile(name, tomllib.loads(text), locate_keys(text.replace("\r\n", "\n")))
    except RecursionError:
        return Problem(name, None, "", "is nested too deeply to be a configuration")
    except ValueError as error:  # TOMLDecodeError, and int()'s own for thousands of digits
        found = _POSITION.search(str(error))
        message = f"is not TOML: {_POSITION.sub('', str(error))}"
        if found is None or found[1] is None:
            return Problem(name, text.count("\n") + 1 if found else None, "", message)
        return Problem(name, int(found[1]), "", f"{message} in column {found[2]}")


def check_table(model: type[_Model], file: TomlFile, overrides: Overrides) -> _Model | list[Problem]:
    """The file as this model with the overrides laid over it, or every problem of both."""
    values: dict[str, object] = dict(file.values)
    for (section, key), override in overrides.items():
        table = values.get(section, {})
        if isinstance(table, dict):  # where it is none, the model says so
            annotation = _fields_at(model, (section,))[key].annotation
            values[section] = {**table, key: value_from_text(override.text, annotation)}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        return [_problem(model, file, overrides, detail) for detail in details]


def render_place(place: Place) -> str:
    """`("trunk", 0, "kind")` as `trunk[0].kind`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _problem(model: type[BaseModel], file: TomlFile, overrides: Overrides, detail: ErrorDetails) -> Problem:
    place: Place = detail["loc"]
    message, hint = _words(model, place, detail)
    override: Override | None = overrides.get((str(place[0]), str(place[1]))) if len(place) > 1 else None
    if override is not None:
        return Problem(ENVIRONMENT, None, override.variable, message, hint)
    return file.problem(place, message, hint)


def _words(model: type[BaseModel], place: Place, detail: ErrorDetails) -> tuple[str, str]:
    """What is wrong, in the words of this project: message and hint."""
    kind, found, context = detail["type"], detail["input"], detail.get("ctx", {})
    names = [step for step in place if isinstance(step, str)]
    described = _fields_at(model, tuple(names[:-1])).get(names[-1]) if names else None
    if kind == "extra_forbidden":
        allowed = list(_fields_at(model, place[:-1]))
        return f"is not a known key; the keys here are {', '.join(allowed)}", did_you_mean(
            str(place[-1]), allowed
        )
    if kind == "missing":
        meaning = f": {described.description}" if described is not None and described.description else ""
        return f"is missing{meaning}", ""
    if kind in {"enum", "literal_error"} and described is not None:
        choices, title = _choices(described.annotation), described.title or "a value for this key"
        hint = did_you_mean(found, choices) if isinstance(found, str) else ""
        return f"{_name_found(found)} is not {title}; one of {', '.join(choices)}", hint
    if kind == "value_error":
        return f"{_name_found(found)} {context['error']}" if not isinstance(found, list | dict) else str(
            context["error"]
        ), ""
    for bound, phrase in _BOUNDS.items():
        if bound in context:
            return f"{_name_found(found)} is out of range; it must be {phrase} {context[bound]}", ""
    if kind in _TYPES:
        return f"{_name_found(found)} is not {_TYPES[kind]}", ""
    return f"{_name_found(found)}: {detail['msg']}", ""


_BOUNDS: Final = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_TYPES: Final = {
    "string_type": "text in quotes",
    "int_type": "an integer",
    "bool_type": "true or false",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list in [brackets]",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def _name_found(found: object) -> str:
    """The value as the file has it, named so that `3` and `"3"` are told apart."""
    if isinstance(found, str):
        return quote(found)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int) and abs(found) > _WORTH_SHOWING:
        return "the very large number"  # and Python refuses to write one of thousands of digits
    if isinstance(found, int | float):
        return f"the number {found!r}"
    if isinstance(found, list):
        return "a list"
    if isinstance(found, dict):
        return "a table"
    return f"the date or time {found}" if isinstance(found, dt.date | dt.time) else "nothing"


def _fields_at(model: type[BaseModel], place: Place) -> Mapping[str, FieldInfo]:
    """The fields of the table at this place, found by walking the annotations."""
    fields = model.model_fields
    for step in place:
        if isinstance(step, int):
            continue
        inner = _model_in(fields[step].annotation) if step in fields else None
        if inner is None:
            return {}
        fields = inner.model_fields
    return fields


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 -- an annotation has no type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for member in get_args(annotation) if (found := _model_in(member))), None)


def _choices(annotation: Any) -> list[str]:  # noqa: ANN401 -- an annotation has no type
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    if get_origin(annotation) is Literal:
        return [str(member) for member in get_args(annotation)]
    return next((found for member in get_args(annotation) if (found := _choices(member))), [])
