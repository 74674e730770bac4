"""On which line of a TOML text each key stands: what `tomllib` does not tell.

The text has already been accepted by `tomllib`, so this walks it knowing that it is valid TOML 1.0
and never judges it. The alternative was tomlkit: a dependency at run time that keeps positions only
indirectly.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""The way from the root to a value: names of keys, positions in arrays."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONG_STRING: Final = re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})', re.DOTALL)
_STRING: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'')
_PLAIN: Final = re.compile(r"[^,\]}#\n]*")


def locate_keys(text: str) -> Mapping[Place, int]:
    """The line (from 1) of every table, key and array element of a valid TOML text.

    Raises RecursionError where arrays are nested deeper than the interpreter's stack, as tomllib does.
    """
    return _Walk(text).document()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[Place, int] = {}
        self._last_element: dict[Place, int] = {}

    def document(self) -> Mapping[Place, int]:
        table: Place = ()
        while self._skip_blank():
            if self._text.startswith("[[", self._at):
                table = self._header(opening=2)
            elif self._text.startswith("[", self._at):
                table = self._header(opening=1)
            else:
                self._pair(table)
        return self._lines

    def _header(self, *, opening: int) -> Place:
        line = self._line()
        self._at += opening
        names = self._key()
        self._at += opening
        place: Place = ()
        for depth, name in enumerate(names, start=1):
            place = (*place, name)
            if opening == 2 and depth == len(names):
                self._lines.setdefault(place, line)
                self._last_element[place] = self._last_element.get(place, -1) + 1
            if place in self._last_element:
                place = (*place, self._last_element[place])
            self._lines.setdefault(place, line)
        return place

    def _pair(self, table: Place) -> None:
        line = self._line()
        place = table
        for name in self._key():
            place = (*place, name)
            self._lines.setdefault(place, line)
        self._at += 1  # the equals sign
        self._skip_blank()
        self._value(place)

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip_blank()
            found = _BARE_KEY.match(self._text, self._at)
            if found is not None:
                names.append(found[0])
            else:
                found = _STRING.match(self._text, self._at)
                names.append(_unquoted(found[0]) if found is not None else "")
            self._at = found.end() if found is not None else len(self._text)
            self._skip_blank()
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _value(self, place: Place) -> None:
        self._lines[place] = self._line()
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._array(place)
        elif opening == "{":
            self._inline_table(place)
        else:
            for pattern in (_LONG_STRING, _STRING, _PLAIN):
                found = pattern.match(self._text, self._at)
                if found is not None:
                    self._at = found.end()
                    return

    def _array(self, place: Place) -> None:
        self._at += 1
        position = 0
        while self._skip_blank() and self._text[self._at] != "]":
            self._value((*place, position))
            position += 1
            self._skip_blank()
            self._at += self._text.startswith(",", self._at)
        self._at += 1

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while self._skip_blank() and self._text[self._at] != "}":
            self._pair(place)
            self._skip_blank()
            self._at += self._text.startswith(",", self._at)
        self._at += 1

    def _skip_blank(self) -> bool:
        """Go to the next sign that means something; False at the end of the text."""
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found is not None else len(self._text)
        return self._at < len(self._text)

    def _line(self) -> int:
        return bisect_right(self._line_starts, self._at)


def _unquoted(text: str) -> str:
    if text.startswith("'") or "\\" not in text:
        return text[1:-1]
    return str(tomllib.loads(f"key = {text}")["key"])
