"""Our own exchange formats: `csv` with a header and `jsonl`, one listed number a line.

Fields (columns in any order; JSON members of the same names), all but `tn` optional:

    tn          the number, as written: +442079460123, 020 7946 0123 by the dialling rules
    day         YYYY-MM-DD, the day it was last seen; else the import's day
    feed        who says so; else the import's feed
    reporter    who saw it, unique within feed, day and number; without it a second line is the same
    label       a word for people, at most 64 characters
    confidence  above 0, at most 1; 1 without it
    path        how the call came, such as international/unsigned; without it, nobody knows
    expires     YYYY-MM-DD, the last day it counts

A name that is not of this list refuses a file (or JSON line): a misspelt `confidance` would otherwise
count fully.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from gateway.numbers.canonical import NumberError, canonical, is_international
from gateway.passport.strict import StrictJsonError, read_json
from gateway.reputation.path import PATHS, WORDS_OF_PATHS
from gateway.reputation.reading import Reading
from gateway.reputation.sighting import FEED_NAME, LineProblem, Sighting

FIELDS: Final = ("tn", "day", "feed", "reporter", "label", "confidence", "expires", "path")
LONGEST_TEXT: Final = 64
LONGEST_EXPIRY: Final = timedelta(days=3650)


class _RefusedError(ValueError):
    """One field's problem, turned into the line's; never leaves this file."""


def row_reader(
    header: list[str], reading: Reading
) -> Callable[[int, list[str]], Sighting | LineProblem] | str:
    """Return what reads the rows under `header`, or why none can be read."""
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        return f"unknown column {unknown[0][:40]!r}; known: {', '.join(FIELDS)}"
    if "tn" not in names or len(set(names)) != len(names):
        return "the header must name each column once, 'tn' among them"

    def read(line: int, row: list[str]) -> Sighting | LineProblem:
        if len(row) != len(names):
            return LineProblem(line, f"{len(row)} fields where the header has {len(names)}")
        given = {name: text.strip() for name, text in zip(names, row, strict=True) if text.strip()}
        return _sighting(line, given, reading)

    return read


def from_json(line: int, text: str, reading: Reading) -> Sighting | LineProblem:
    """Return the sighting of one JSON object, or why there is none."""
    try:
        value = read_json(text.encode())
    except StrictJsonError as error:
        return LineProblem(line, f"not JSON: {error}")
    if not isinstance(value, Mapping):
        return LineProblem(line, "not a JSON object")
    unknown = [name for name in value if name not in FIELDS]
    if unknown:
        return LineProblem(line, f"unknown member {unknown[0][:40]!r}; known: {', '.join(FIELDS)}")
    return _sighting(line, value, reading)


def _sighting(line: int, given: Mapping[str, object], reading: Reading) -> Sighting | LineProblem:
    try:
        return _read(given, reading)
    except NumberError as error:
        return LineProblem(line, f"tn: {error}")
    except _RefusedError as error:
        return LineProblem(line, str(error))


def _read(given: Mapping[str, object], reading: Reading) -> Sighting:
    day = _day(given, "day") or reading.day
    if day is None:
        raise _RefusedError("the line names no day and none was given for the file")
    if problem := reading.day_problem(day):
        raise _RefusedError(problem)
    expires = _day(given, "expires")
    if expires is not None and not day <= expires <= reading.today + LONGEST_EXPIRY:
        raise _RefusedError(f"expires {expires} is before its day {day} or more than ten years from now")
    feed = _text(given, "feed") or reading.feed
    if FEED_NAME.fullmatch(feed) is None:
        raise _RefusedError(f"feed {feed!r} must be lower-case letters, digits, '.', '_' or '-'")
    tn = canonical(_text(given, "tn"), reading.rules)
    if not is_international(tn):
        # Whoever shows 999 or another short code is refused for that; a score of theirs would be nobody's.
        raise _RefusedError(f"tn: {tn} is a short code, no subscriber's number")
    return Sighting(
        tn=tn,
        day=day,
        feed=feed,
        reporter=_text(given, "reporter"),
        weight=_confidence(given),
        label=_text(given, "label"),
        path=_path(given),
        expires=expires,
    )


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
        raise _RefusedError(f"{name} must be text of at most {LONGEST_TEXT} printable characters")
    return value


def _day(given: Mapping[str, object], name: str) -> date | None:
    text = _text(given, name)
    if not text:
        return None
    try:
        # fromisoformat alone also takes 20251121 and 2025-W47-5.
        if len(text) == 10 and text[4] == text[7] == "-":
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _RefusedError(f"{name} {text!r} is not a day such as 2025-11-21")


def _path(given: Mapping[str, object]) -> str:
    path = _text(given, "path")
    if path and path not in PATHS:
        raise _RefusedError(f"path {path!r} is not a kind of trunk and a signature's state: {WORDS_OF_PATHS}")
    return path


def _confidence(given: Mapping[str, object]) -> float:
    value = given.get("confidence", 1.0)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise _RefusedError("confidence must be a number above 0, at most 1")
    return float(value)
