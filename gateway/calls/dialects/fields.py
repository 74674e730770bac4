"""Values that several dialects have in their bodies: numbers, times, an origid.

Each is read or raises RequestProblem (SVC4001, SVC4005) with the member's dotted path. Numbers become
canonical here, by the dialling rules of the trunk the request came in by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote
from uuid import UUID

from gateway.calls.dialects.problem import RequestProblem
from gateway.numbers.canonical import DiallingRules, NumberError, TelephoneNumber, canonical
from gateway.passport.claims import ORIGID
from gateway.passport.strict import StrictJsonError, read_json
from gateway.reasons import MISSING_BODY, UNPARSABLE_BODY

MAX_DESTINATIONS: Final = 100
"""More called numbers than any call has; a bound on the work one request can ask for."""

_URI: Final = re.compile(r"(?:(?P<scheme>tel|sips?):)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


def read_object(body: bytes) -> dict[str, object]:
    """A body that is one JSON object. Raises RequestProblem (SVC4000, SVC4006)."""
    if not body.strip():
        raise RequestProblem(MISSING_BODY)
    try:
        document = read_json(body)
    except StrictJsonError as error:
        raise RequestProblem(UNPARSABLE_BODY, (f"invalid JSON body: {error.problem}",)) from None
    if not isinstance(document, dict):
        raise RequestProblem(UNPARSABLE_BODY, ("invalid JSON body: not an object",))
    return document


def member(request: Mapping[str, object], name: str, key: str) -> object:
    """The member `key` of the object `name`."""
    value = request[name]
    if not isinstance(value, dict):
        raise RequestProblem.invalid(name, "not an object")
    if key not in value:
        raise RequestProblem.missing(f"{name}.{key}")
    return value[key]


def telephone_number(
    value: object, name: str, dialling: DiallingRules, *, place: int | None = None
) -> TelephoneNumber:
    """A number; `place` is where it stands in the array of that name."""
    problem = "not a string"
    if isinstance(value, str):
        try:
            return canonical(value, dialling)
        except NumberError as error:
            problem = error.problem
    raise RequestProblem.invalid(name if place is None else f"{name}[{place}]", problem)


def telephone_numbers(value: object, name: str, dialling: DiallingRules) -> list[TelephoneNumber]:
    """An array of 1 to MAX_DESTINATIONS numbers."""
    if not isinstance(value, list):
        raise RequestProblem.invalid(name, "not an array")
    if not 1 <= len(value) <= MAX_DESTINATIONS:
        raise RequestProblem.invalid(name, f"not 1 to {MAX_DESTINATIONS} numbers")
    return [telephone_number(item, name, dialling, place=place) for place, item in enumerate(value)]


def number_in_uri(uri: str, dialling: DiallingRules) -> TelephoneNumber | None:
    """The number in a URI, `tel:`, `sip:` or bare; None for one that is routed by something else.

    Escapes are undone (RFC 3261 section 19.1.4: `%39` is a 9 to the switch), and parameters left out, as
    they do not change whom the call is for.
    """
    found = _URI.fullmatch(uri)
    if found is None:
        return None
    rest = found["rest"]
    if (found["scheme"] or "tel").lower() != "tel":
        user, at_sign, host = rest.rpartition("@")
        if not at_sign or not host:
            return None
        rest = user.partition(":")[0]
    number = unquote(rest.partition(";")[0])
    try:
        return None if ";" in number else canonical(number, dialling)
    except NumberError:
        return None


def seconds(value: object, name: str) -> int:
    """A time in epoch seconds."""
    # bool is an int in Python, and not a time.
    if type(value) is not int or value <= 0:
        raise RequestProblem.invalid(name, "not a positive integer of seconds")
    return value


def read_origid(value: object) -> str:
    """A UUID in its canonical form (RFC 8588 section 5)."""
    if not isinstance(value, str):
        raise RequestProblem.invalid("origid", "not a string")
    if ORIGID.fullmatch(value) is not None:
        return value
    try:
        UUID(value)
    except ValueError:
        raise RequestProblem.invalid("origid", "not a UUID") from None
    raise RequestProblem.invalid("origid", "not a UUID in its canonical form")
