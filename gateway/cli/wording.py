"""How commands put things on a terminal: times in words, strangers' text without its teeth, ticks."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Final

import click

from gateway.reasons import Finding

TICK, CROSS, NOT_REACHED = "✓", "✗", "·"
_IN_ASCII: Final = str.maketrans({TICK: "+", CROSS: "x", NOT_REACHED: "-"})

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS: Final = ((2 * _DAY, _DAY, "days"), (2 * _HOUR, _HOUR, "hours"), (2 * _MINUTE, _MINUTE, "minutes"))


def moment(epoch_seconds: int) -> str:
    """A date for people, in UTC: `Sun 22 Nov 2026 22:28:05 UTC`."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%a %d %b %Y %H:%M:%S UTC")


def age(seconds: int) -> str:
    """How long ago, or in how long: `12 seconds ago`, `in 3 days`."""
    return "at this very second" if seconds == 0 else _placed(lasting(abs(seconds)), past=seconds > 0)


def lasting(seconds: int) -> str:
    """A span of time in its largest fitting unit."""
    for least, unit, word in _UNITS:
        if seconds >= least:
            return f"{seconds // unit} {word}"
    return f"{seconds} second{'s' * (seconds != 1)}"


def safe(text: str) -> str:
    """A stranger's text that cannot steer a terminal: what is not printable is escaped."""
    return text if text.isprintable() else ascii(text)[1:-1]


def as_json(value: object) -> str:
    """A stranger's value on one line, in ASCII."""
    return json.dumps(value)


def finding_words(finding: Finding) -> str:
    """A finding as a sentence with what was met behind it."""
    detail = finding.detail or finding.parameter
    return finding.reason.words + (f" [{safe(detail)}]" if detail else "")


def title(text: str) -> str:
    """A heading with an empty line before it."""
    return "\n" + click.style(text, bold=True)


def row(name: str, value: str) -> str:
    """A name and its value, indented."""
    return f"  {name:<10} {value}"


def mark(*, passed: bool | None) -> str:
    """A coloured tick, cross, or dot for what was not looked at."""
    sign, colour = {True: (TICK, "green"), False: (CROSS, "red"), None: (NOT_REACHED, "yellow")}[passed]
    return click.style(sign, fg=colour)


def show(text: str) -> None:
    """Print; colours only on a terminal (and without NO_COLOR), signs that the encoding lacks in ASCII."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_IN_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def _placed(span: str, *, past: bool) -> str:
    return f"{span} ago" if past else f"in {span}"
