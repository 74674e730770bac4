"""Whether a JSON text has the shape that is wanted, and if not, where and why.

Invariant: a value of the type, or ShapeError; never another error.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from gateway.passport.strict import StrictJsonError, read_json

T = TypeVar("T")


class ShapeError(ValueError):
    """The first mistake: where it is (RFC 6901) and what it is, in words that follow the place."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(problem)
        self.pointer = pointer
        self.problem = problem


def read_shape(body: bytes, wanted: type[T]) -> T:
    """Read one strict JSON value of the type `wanted`. Raises ShapeError."""
    try:
        return msgspec.convert(read_json(body), wanted)
    except StrictJsonError as error:
        raise ShapeError(error.pointer or "", error.problem) from None
    except msgspec.ValidationError as error:
        raise _located(error) from None


_SENTENCE: Final = re.compile(
    r"(?:Object (?P<what>missing required|contains unknown) field `(?P<name>.*?)`|(?P<words>.*?))"
    r"(?: - at `\$(?P<path>[^`]*)`)?",
    re.DOTALL,
)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MAX_NAME: Final = 64
"""How much of a stranger's member name an error repeats."""


def _located(error: msgspec.ValidationError) -> ShapeError:
    """Msgspec's sentence with its place turned from `$.call.to.tn[0]` into `/call/to/tn/0`."""
    found = _SENTENCE.fullmatch(str(error))
    if found is None:
        return ShapeError("", str(error))
    pointer = "".join("/" + (name or index) for name, index in _STEP.findall(found["path"] or ""))
    if found["what"] is None:
        return ShapeError(pointer, found["words"])
    name = found["name"] if len(found["name"]) <= _MAX_NAME else f"{found['name'][:_MAX_NAME]}..."
    member = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
    return ShapeError(member, "is missing" if found["what"] == "missing required" else "is unknown here")
