"""A short cut past the strict JSON reader, for texts that no two readers could take differently.

Nearly every call's documents are of one shape: no escapes, no unknown members. Such a text is decoded
straight into its type. What is wrong with any other is not said here: it is `None`, and `read_json` decides.

msgspec takes the last of two members of one name, which `read_json` refuses. Without a backslash in the text
every quotation mark begins or ends a string, so a member too many shows in their count.

Invariant: where `read` gives a value, `read_json` gives the same document; it raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class PlainReader(Generic[T]):
    """Reads one shape: Structs that forbid unknown fields and have no optional ones, integers bounded."""

    def __init__(self, shape: type[T], count_strings: Callable[[T], int]) -> None:
        """`count_strings` gives how many strings such a document holds, member names included."""
        self._decode = msgspec.json.Decoder(shape).decode
        self._count_strings = count_strings

    def read(self, data: bytes) -> T | None:
        """The document, or None where the strict reader has to decide."""
        if b"\\" in data:
            return None
        try:
            value = self._decode(data)
        except ValueError:
            return None
        return value if data.count(b'"') == 2 * self._count_strings(value) else None
