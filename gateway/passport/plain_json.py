"""A short cut past the strict JSON reader, for texts that no two readers could take differently.

Nearly every call's documents are of one shape, without unknown members. Such a text is decoded straight into
its type. What is wrong with any other is not said here: it is `None`, and `read_json` decides.

msgspec takes the last of two members of one name, which `read_json` refuses. Each string begins and ends with
a quotation mark and holds those that were escaped, so a member too many shows in their count.

Invariant: where `read` gives a value, `read_json` gives the same document; it raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class PlainReader(Generic[T]):
    """Reads one shape: Structs that forbid unknown fields, integers bounded."""

    def __init__(self, shape: type[T], count_quotes: Callable[[T], int]) -> None:
        """`count_quotes` gives how many quotation marks such a document holds at least.

        Two for each string, member names included, and those within strings. Of a text that has more nothing
        is said: what is rarely there need not be counted.
        """
        self._decode = msgspec.json.Decoder(shape).decode
        self._count_quotes = count_quotes

    def read(self, data: bytes) -> T | None:
        """The document, or None where the strict reader has to decide."""
        try:
            value = self._decode(data)
        except ValueError:
            return None
        # A quotation mark by its code would be counted within its string and stand nowhere in the text. Its
        # backslash is not looked for: in a text of backslashes each is a place where it could begin.
        if _count_marks(data) != self._count_quotes(value) or data.find(b"u0022") >= 0:
            return None
        return value


def _count_marks(data: bytes) -> int:
    # Not `count`, which looks at each byte, nor `in`, which takes bytes for a number first.
    return len(data) - len(data.replace(b'"', b""))


def quotes_within(text: str) -> int:
    """Count the quotation marks in it; an Identity header may have some, most have none."""
    return text.count('"') if '"' in text else 0
