"""Files that hold a number a line, as people write them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.generation.countries import FILE_RULES
from gateway.numbers.canonical import NumberError, TelephoneNumber, canonical

MOST_PROBLEMS: Final = 5
"""Lines that are no number, quoted; all are counted."""
_TEN_DIGITS: Final = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_SPACED: Final = re.compile(r"\(?([2-9][0-9]{2})\)?[ .-]?([2-9][0-9]{2})[ .-]?([0-9]{4})")
"""The same as people in North America write them: (202) 555-0123."""


@dataclass(slots=True)
class NumbersRead:
    """What a file holds, in its order."""

    numbers: list[TelephoneNumber] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refused: int = 0


def read_numbers(file: Path) -> NumbersRead:
    """Read a file, or standard input for `-`.

    Ten digits alone, as the FTC writes them, and `(202) 555-0123` are read behind +1.
    """
    asked = NumbersRead()
    lines = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    with lines:
        for number, line in enumerate(lines, 1):
            text = line.decode(errors="replace").strip().lstrip("\ufeff")
            if not text or (number == 1 and not any(letter.isdigit() for letter in text)):
                continue  # a header, such as Company_Phone_Number
            try:
                asked.numbers.append(_canonical(text))
            except NumberError as error:
                asked.refused += 1
                if len(asked.problems) < MOST_PROBLEMS:
                    asked.problems.append(f"line {number}: {error.problem}")
    return asked


def _canonical(text: str) -> TelephoneNumber:
    if _TEN_DIGITS.fullmatch(text):
        return TelephoneNumber("1" + text)
    spaced = _SPACED.fullmatch(text)
    if spaced is not None:
        return TelephoneNumber("1" + "".join(spaced.groups()))
    return canonical(text.replace(" ", ""), FILE_RULES)
