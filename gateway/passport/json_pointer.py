"""JSON pointers (RFC 6901), as `rcdi` uses them to say what a digest is of (RFC 9795 section 6).

The array position `-`, behind the last element, points at nothing that could be read and is refused.
"""

from __future__ import annotations

import re
from typing import Final

MAX_POINTER_CHARACTERS: Final = 256

_POINTER: Final = re.compile(r"(?:/(?:[^/~]|~[01])*)+")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}")


class PointerError(ValueError):
    """Text that is no JSON pointer, or points at nothing; `args[0]` is the sentence."""


def parse_pointer(text: str) -> tuple[str, ...]:
    """Split a pointer, not the empty one, into its unescaped steps. Raises PointerError."""
    if len(text) > MAX_POINTER_CHARACTERS:
        raise PointerError(f"a JSON pointer is longer than {MAX_POINTER_CHARACTERS} characters")
    if _POINTER.fullmatch(text) is None:
        raise PointerError("a JSON pointer begins with '/', and has '~' only in ~0 and ~1")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/"))


def resolve(document: object, steps: tuple[str, ...]) -> object:
    """Follow the steps from the whole document. Raises PointerError where there is nothing."""
    value = document
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise PointerError("a JSON pointer points at nothing")
    return value
