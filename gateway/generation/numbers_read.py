"""Numbers and ranges as people write them in configuration files.

Spaces are allowed (`+44 20 7946 0000`). A hyphen always makes a range here, never a separator: the same
text must not be one number to a person and a thousand to the gateway.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.generation.countries import FILE_RULES
from gateway.generation.problem import quote
from gateway.numbers.canonical import (
    DiallingRules,
    NumberError,
    TelephoneNumber,
    canonical,
    is_international,
    to_e164,
)
from gateway.numbers.plans import PLANS
from gateway.numbers.ranges import NumberRange

_FULL_NUMBER_LENGTH: Final = 7
EMERGENCY_NUMBERS: Final = frozenset[str]().union(*(plan.emergency_numbers for plan in PLANS.values()))
_DIGITS: Final = re.compile(r"[0-9]{1,15}")


def read_number(text: str, rules: DiallingRules = FILE_RULES) -> TelephoneNumber:
    """Read one number. Raises NumberError."""
    compact = text.replace(" ", "")
    if "-" in compact:
        raise NumberError("a number is written without hyphens here; a hyphen makes a range")
    return canonical(compact, rules)


def read_range(text: str, rules: DiallingRules = FILE_RULES) -> NumberRange:
    """Read `+442079460123`, `+442079460000-0999` or `+442079460000/1000`. Raises NumberError."""
    compact = text.replace(" ", "")
    start_text, slash, count = compact.partition("/")
    if slash:
        return NumberRange(read_number(start_text, rules), read_count(count))
    start_text, hyphen, tail = compact.partition("-")
    start = read_number(start_text, rules)
    if not hyphen:
        return NumberRange(start)
    if len(tail) < _FULL_NUMBER_LENGTH:
        if _DIGITS.fullmatch(tail) is None or len(tail) > len(start):
            raise NumberError("after the hyphen stand the last digits of the range's end, as in …0000-0999")
        last = TelephoneNumber(start[: len(start) - len(tail)] + tail)
    else:
        last = read_number(tail, rules)
    if len(last) != len(start) or not (start + last).isdigit() or last < start:
        raise NumberError("the end of a range comes after its start and is as long")
    return NumberRange(start, int(last) - int(start) + 1)


def read_count(text: str) -> int:
    """Read how many numbers a range has. Raises NumberError."""
    if _DIGITS.fullmatch(text) is None or int(text) == 0:
        raise NumberError("the count of a range is a whole number of at least 1")
    return int(text)


def check_protectable(text: str) -> str:
    """The text itself, if lists may name that range. Raises ValueError with the rest of a sentence."""
    try:
        protectable(read_range(text))
    except NumberError as error:
        raise ValueError(f"is not a number or range: {error.problem}") from None
    return text


def check_range(text: str) -> str:
    """The text itself, if it is a range. Raises ValueError with the rest of a sentence about it."""
    try:
        read_range(text)
    except NumberError as error:
        raise ValueError(f"is not a number or range: {error.problem}") from None
    return text


def protectable(numbers: NumberRange) -> NumberRange:
    """The range itself, if lists of numbers may name it. Raises NumberError.

    A list that names 999, another emergency number or any other short code is no list of subscribers'
    numbers: either its columns are not what they seem, or somebody wants calls for help refused.
    """
    if not is_international(numbers.start):
        what = "an emergency number" if numbers.start in EMERGENCY_NUMBERS else "a short code"
        raise NumberError(f"{numbers.start} is {what}; a list names full numbers")
    return numbers


def describe(numbers: NumberRange) -> str:
    """A range for a message: `+442079460000-+442079460999`."""
    return quote(f"+{numbers.start}" if numbers.count == 1 else f"+{numbers.start}-+{numbers.last}")


def written(numbers: NumberRange) -> str:
    """A range for people to read: `+442079460000 to +442079460999 (1,000 numbers)`."""
    first = to_e164(numbers.start)
    return first if numbers.count == 1 else f"{first} to {to_e164(numbers.last)} ({numbers.count:,} numbers)"
