"""Rows as CSV (RFC 4180) that people open in a spreadsheet: text stays text, whatever a caller chose."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"\+[0-9]+")


def spreadsheet(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The heading and the rows. Every cell is quoted; a list is its members with blanks, None is empty."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: object) -> str:
    """A quote before what would be a formula; telephone numbers keep their plus."""
    text = (
        " ".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    )
    is_numbers = all(_NUMBER.fullmatch(part) for part in text.split(" "))
    return f"'{text}" if text.startswith(_FORMULA) and not is_numbers else text
