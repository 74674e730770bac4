"""The fields of a form from a dialplan: found by name, or refused by name.

A field without a value counts as absent: a dialplan sends what it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from gateway.calls.dialects.call_body import MAX_IDENTITIES
from gateway.calls.dialects.fields import MAX_DESTINATIONS, number_in_uri
from gateway.calls.dialects.problem import RequestProblem
from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.reasons import MISSING_BODY, UNPARSABLE_BODY
from gateway.verdicts.call import Roaming
from gateway.web.problems import printable

Form = Mapping[str, list[str]]

MAX_FIELDS: Final = 64
_MAX_VALUE: Final = 2048
"""Characters of every field but `identity`, which has a bound of its own."""
_MAX_ID: Final = 256
MAX_SECONDS: Final = 2**53

_REPEATED: Final = {"to": MAX_DESTINATIONS, "identity": MAX_IDENTITIES}
WITHOUT_NUMBER: Final = re.compile(
    r"(?:sips?:)?(?:anonymous|restricted|unavailable|unknown|private)(?:@.*)?", re.IGNORECASE
)
"""What switches show in place of a number (RFC 3323 section 4.1.1.3 for the first)."""
_IN_BRACKETS: Final = re.compile(r"[^<]*<([^<>]*)>.*", re.DOTALL)


def read_form(body: bytes, known: frozenset[str]) -> dict[str, list[str]]:
    """The fields by name, in the order received; `known` are those there may be. Raises RequestProblem."""
    if not body.strip():
        raise RequestProblem(MISSING_BODY)
    try:
        pairs = parse_qsl(
            body.decode("ascii").strip("\r\n"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        # Whatever it says repeats what was sent.
        why = f"not a form of name=value pairs, at most {MAX_FIELDS}"
        raise RequestProblem(UNPARSABLE_BODY, (why,)) from None
    fields: dict[str, list[str]] = {}
    for name, text in pairs:
        if name not in known:
            raise RequestProblem.invalid(name[:64], f"not known here; known are {', '.join(sorted(known))}")
        value = text.strip()
        if not value:
            continue
        several = fields.setdefault(name, [])
        if len(several) == _REPEATED.get(name, 1):
            raise RequestProblem.invalid(name, "stands too often")
        if name != "identity" and len(value) > _MAX_VALUE:
            raise RequestProblem.invalid(name, f"longer than {_MAX_VALUE} characters")
        several.append(value)
    return fields


def one(fields: Form, name: str) -> str | None:
    """The value of a field that stands once; None where it is absent."""
    return fields[name][0] if name in fields else None


def call_id(fields: Form, identifier: str) -> str:
    """The field `id`, or `identifier` where it is absent; cleaned, as it goes into logs."""
    given = one(fields, "id") or identifier
    if len(given) > _MAX_ID:
        raise RequestProblem.invalid("id", f"longer than {_MAX_ID} characters")
    return printable(given)


def flag(fields: Form, name: str) -> bool:
    """A yes or no; absent is no."""
    value = one(fields, name)
    if value not in (None, "true", "false", "1", "0", "yes", "no"):
        raise RequestProblem.invalid(name, "not one of true, false")
    return value in ("true", "1", "yes")


def roaming(fields: Form) -> Roaming:
    """What the network knows of a home mobile from abroad."""
    value = one(fields, "roaming") or Roaming.UNKNOWN.value
    try:
        return Roaming(value)
    except ValueError:
        raise RequestProblem.invalid("roaming", "not one of true, false, unknown") from None


def whole(fields: Form, name: str, *, most: int) -> int:
    """A whole number from 1 to `most`, of a field that is there."""
    text = fields[name][0]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most):
        raise RequestProblem.invalid(name, f"not a whole number from 1 to {most}")
    return int(text)


def number(text: str, name: str, dialling: DiallingRules) -> TelephoneNumber:
    """A number, however the switch wrote it."""
    found = number_if_any(text, dialling)
    if found is None:
        raise RequestProblem.invalid(name, "holds no telephone number")
    return found


def number_if_any(text: str, dialling: DiallingRules) -> TelephoneNumber | None:
    """The number in a header's value, a URI or bare; None for what holds none."""
    return number_in_uri(address(text), dialling)


def address(text: str) -> str:
    """The address of a header's value, without display name and parameters.

    A space in it was a plus that the switch did not escape: addresses have none.
    """
    bracketed = _IN_BRACKETS.fullmatch(text)
    return (text if bracketed is None else bracketed[1]).replace(" ", "+")
