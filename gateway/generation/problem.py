"""What is wrong with a configuration, and where: one value for every kind of mistake.

A problem says file, line and key, what was found and what is allowed there, so that whoever reads it
needs no second look at the documentation. Values quoted in it are shortened, escaped and freed of
passwords here, because a problem travels into logs, API answers and terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_QUOTED_LENGTH: Final = 60
_CREDENTIALS: Final = re.compile(r"(?<=://)\S*@")
_PASSWORD_QUERY: Final = re.compile(r"(?i)(?<=password=)[^&\s]+")

ENVIRONMENT: Final = "environment"
"""Stands for the file in a problem (and a source) that comes from a `CALLMARK_…` variable."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. `line` counts from 1 and is None where no line can be named (a missing file)."""

    file: str
    line: int | None
    key: str
    """`trunk[0].kind`, a column of a CSV file, the name of a variable, or empty."""
    message: str
    hint: str = ""
    """What to do about it, where that is not obvious; a whole phrase without brackets."""

    def __str__(self) -> str:
        """Render as compilers do: `file:line: key: message (hint)`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}:{key} {self.message}{hint}"


def mask_secrets(text: str) -> str:
    """The text without the user name and password of the URLs in it (threat A4)."""
    return _PASSWORD_QUERY.sub("***", _CREDENTIALS.sub("***@", text))


def quote(text: str) -> str:
    """The text as it may be shown: in quotes, control characters escaped, shortened, no password."""
    masked = mask_secrets(text)
    return repr(masked if len(masked) <= _QUOTED_LENGTH else masked[: _QUOTED_LENGTH - 1] + "…")


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """A hint that names the nearest allowed word, or an empty one."""
    # difflib is quadratic in the length of the words; nobody's typing slip is longer than a key.
    nearest = get_close_matches(found[:_QUOTED_LENGTH].lower(), sorted(allowed), n=1)
    return f"did you mean {quote(nearest[0])}?" if nearest else ""
