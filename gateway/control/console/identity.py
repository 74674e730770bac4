"""An Identity header taken apart for people: what stands in it, whether or not it holds.

Whether it holds was decided when the call came, and stands in the call's record; here nothing is verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from gateway.passport.strict import StrictJsonError, read_json


@dataclass(frozen=True, slots=True)
class Decoded:
    """One header."""

    value: str
    """As it came."""
    header: str
    """The JSON of the PASSporT's header, one member a line; empty where it cannot be read."""
    payload: str
    """The same of its claims; empty also for a compact form, which has none."""
    parameters: tuple[tuple[str, str], ...]
    """What follows the token: `info`, `alg`, `ppt`."""


def decode(value: str) -> Decoded:
    """Take one apart; never raises."""
    token, _, rest = value.partition(";")
    parts = [*token.strip().split("."), "", ""]
    parameters = (part.partition("=") for part in rest.split(";") if part.strip())
    return Decoded(
        value=value,
        header=_pretty(parts[0]),
        payload=_pretty(parts[1]),
        parameters=tuple((name.strip(), text.strip()) for name, _, text in parameters),
    )


def _pretty(part: str) -> str:
    try:
        document = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (StrictJsonError, ValueError, binascii.Error):
        return ""
    return json.dumps(document, indent=2, ensure_ascii=False)
