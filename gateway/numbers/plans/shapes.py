"""How many numbers a plan could have, and which stands at which place: what "0.2 % of the plan" means.

A shape is written as numbering administrations write it: `1NXXNXXXXXX` is the NANP, X any digit, N 2 to 9,
Z 1 to 9, a digit itself. Shapes are wider than `Plan.rows`: a share of the plan has to stay the same share
when an area code is opened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.numbers.canonical import MAX_DIGITS, SHORTEST_INTERNATIONAL, TelephoneNumber

_LETTERS: Final = {"X": "0123456789", "N": "23456789", "Z": "123456789"}
_SHAPE: Final = re.compile(r"[1-9][0-9XNZ]*")


@dataclass(frozen=True, slots=True)
class NumberShape:
    """Numbers of one form; ValueError for a text that is no shape."""

    text: str

    def __post_init__(self) -> None:
        if _SHAPE.fullmatch(self.text) is None or not SHORTEST_INTERNATIONAL <= len(self.text) <= MAX_DIGITS:
            raise ValueError(
                f"{self.text[:40]!r} is not the shape of a number: country code, then digits, X (0-9), "
                "N (2-9) or Z (1-9), such as 1NXXNXXXXXX"
            )

    @property
    def size(self) -> int:
        """How many numbers have this form."""
        return math.prod(len(_LETTERS.get(letter, letter)) for letter in self.text)

    def holds(self, tn: TelephoneNumber) -> bool:
        """Whether a number is of this form."""
        return len(tn) == len(self.text) and all(
            digit in _LETTERS.get(letter, letter) for digit, letter in zip(tn, self.text, strict=True)
        )

    def number_at(self, place: int) -> TelephoneNumber:
        """The number at this place, from 0 to `size` - 1, in the order of the numbers."""
        digits = []
        for letter in reversed(self.text):
            place, found = divmod(place, len(_LETTERS.get(letter, letter)))
            digits.append(_LETTERS.get(letter, letter)[found])
        return TelephoneNumber("".join(reversed(digits)))


WELL_FORMED: Final[Mapping[str, tuple[NumberShape, ...]]] = MappingProxyType(
    {
        "nanp": (NumberShape("1NXXNXXXXXX"),),
        "uk": (
            *(NumberShape(f"44{digit}XXXXXXXXX") for digit in (1, 2, 3, 7, 8, 9)),
            NumberShape("4455XXXXXXXX"),
            NumberShape("4456XXXXXXXX"),
        ),
        "fr": (NumberShape("33ZXXXXXXXX"),),
    }
)
"""By the name of the plan."""


def number_at(shapes: Sequence[NumberShape], place: int) -> TelephoneNumber:
    """The number at this place among all numbers of these shapes. IndexError beyond the last."""
    for shape in shapes:
        if place < shape.size:
            return shape.number_at(place)
        place -= shape.size
    raise IndexError("beyond the last number")
