"""Writing JSON the way it is signed: RFC 8225 section 9.

Names in the order of their code points at every level, no white space, numbers as integers, literals in
lower case. What section 9 leaves open is decided here as RFC 8785 section 3.2.2.2 has it: a string is
written in UTF-8, and only what RFC 8259 section 7 obliges is escaped. (RFC 8785 orders names by UTF-16 code
units; RFC 8225 by code points, and so does this file.)

true, false and null are written, since section 9 gives them a form. A float is refused, not rounded: no
claim has one, and its text would depend on the language that wrote it.

This file writes what this gateway signs. A received PASSporT is never written again to be checked: its
signature is over the bytes that came.
"""

from __future__ import annotations

from types import NoneType
from typing import Final

import msgspec

from gateway.passport.strict import MAX_DEPTH

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_LEAVES: Final = (str, int, NoneType)
_PLAIN: Final = frozenset({str, int, bool, NoneType})
"""Leaves, by their very type: what nearly every member is, and needs no call to be told."""


class CanonicalJsonError(ValueError):
    """A value that RFC 8225 section 9 gives no form."""


def render_json(value: object) -> bytes:
    """Render dicts with string names, lists, tuples, strings, integers, booleans and None as canonical JSON.

    Raises CanonicalJsonError for any other type, for a lone surrogate and beyond MAX_DEPTH levels.
    """
    _check(value, MAX_DEPTH)
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        raise CanonicalJsonError("half of a surrogate pair cannot be written as UTF-8") from None


def _check(value: object, levels: int) -> None:
    # The encoder would write floats, bytes and dates in forms of its own choosing.
    if isinstance(value, _LEAVES):
        return
    if levels == 0:
        raise CanonicalJsonError(f"arrays and objects nest deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        for name, member in value.items():
            if not isinstance(name, str):
                raise CanonicalJsonError(f"a member name must be a string, not {type(name).__name__}")
            if type(member) not in _PLAIN:
                _check(member, levels - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) not in _PLAIN:
                _check(item, levels - 1)
    else:
        raise CanonicalJsonError(f"canonical JSON has no form for {type(value).__name__}")
