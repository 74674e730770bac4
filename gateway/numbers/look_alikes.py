"""Which protected number another one is a single digit away from: numbers with one digit left open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.numbers.canonical import MAX_DIGITS, TelephoneNumber, is_international
from gateway.numbers.ranges import NumberRange

LARGEST_RANGE: Final = 100
"""Of a longer range no look-alikes are known: what is near it is most of an exchange."""
MOST_NUMBERS: Final = 10_000
"""Protected numbers whose look-alikes are known, ten entries each; those listed first count."""
_TAIL: Final = 10
"""Digits in which one may be off; a country code is not among them."""


class LookAlikes:
    """Whose number one digit away is. Immutable; compiled with the generation, a few set look-ups a call."""

    __slots__ = ("_names",)

    def __init__(self, protected: Iterable[tuple[NumberRange, str]] = ()) -> None:
        names: dict[str, str] = {}
        count = 0
        for numbers, name in protected:
            if numbers.count > LARGEST_RANGE or not is_international(numbers.start):
                continue
            count += numbers.count
            if count > MOST_NUMBERS:
                break
            for digits in range(int(numbers.start), int(numbers.start) + numbers.count):
                for masked in _masked(str(digits)):
                    names.setdefault(masked, name)
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def resembles(self, tn: TelephoneNumber) -> str | None:
        """Whose number this is one digit off; for a protected number itself that too is its own."""
        if not self._names or len(tn) > MAX_DIGITS:
            return None
        return next((name for masked in _masked(tn) if (name := self._names.get(masked)) is not None), None)


def _masked(tn: str) -> Iterable[str]:
    """The number with each of its last ten digits left open in turn."""
    return [f"{tn[:at]}?{tn[at + 1 :]}" for at in range(max(1, len(tn) - _TAIL), len(tn))]
