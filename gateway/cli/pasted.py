"""Identity headers as people paste them: bare, named, folded, several at once, or a whole SIP message."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final

import click

_MOST_INPUT: Final = 262_144
# `y` is the compact form of the header's name (RFC 8224 section 4).
_NAME: Final = re.compile(r"(?:identity|y)[ \t]*:[ \t]*", re.IGNORECASE)
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


def read_values(arguments: Sequence[str]) -> tuple[str, ...]:
    """The headers' values, from the arguments or, without any or for "-", from standard input.

    Each line is a header; where one says "Identity:", the lines that do not are of other headers. Raises
    UsageError when there is none.
    """
    if not arguments and sys.stdin.isatty():
        raise click.UsageError("Give an Identity header's value, or '-' to paste it and end with Ctrl-D.")
    texts = [_standard_input() if text == "-" else text for text in arguments or ("-",)]
    values = [value for text in texts for value in _values(text)]
    if not values:
        raise click.UsageError("There is no Identity header: what was given is empty.")
    return tuple(values)


def _standard_input() -> str:
    return sys.stdin.buffer.read(_MOST_INPUT).decode("utf-8", "backslashreplace")


def _values(text: str) -> list[str]:
    lines = [line.strip() for line in _FOLD.sub(" ", text.strip()).splitlines()]
    named = [line[found.end() :] for line in lines if (found := _NAME.match(line))]
    return [value for value in named or lines if value]
