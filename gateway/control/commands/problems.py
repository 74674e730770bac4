"""How a command says no, and the checks that several commands share."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_LONGEST_LIFE_SECONDS: Final = 10 * 366 * 86_400
"""Farther off it is a slip of the hand (milliseconds taken for seconds), not a wish."""
_LONGEST_REASON: Final = 500


class Trouble(Enum):
    """What kind of no it is; the admin API makes a status of it."""

    INVALID = auto()
    MISSING = auto()
    CONFLICT = auto()
    GONE = auto()
    """It could be done once, and no longer can."""
    TOO_OFTEN = auto()


class CommandError(Exception):
    """The command was not carried out, and nothing was changed.

    `problem` is a sentence; `pointer` (RFC 6901) names the part of the request, "" for the whole.
    """

    def __init__(self, problem: str, pointer: str = "", *, trouble: Trouble = Trouble.INVALID) -> None:
        super().__init__(problem)
        self.problem = problem
        self.pointer = pointer
        self.trouble = trouble


def check_name(name: str, pointer: str) -> str:
    """Return a name fit for logs, labels and shells. Raises CommandError."""
    if _NAME.fullmatch(name) is None:
        raise CommandError(
            "a name has 1 to 64 letters, digits, dots, hyphens and underscores, "
            "and begins and ends with a letter or digit",
            pointer,
        )
    return name


def check_reason(reason: str) -> str:
    """Return a reason without outer blanks. Raises CommandError: it is shown in logs and consoles."""
    reason = reason.strip()
    if not reason:
        raise CommandError("a reason is needed: it is what the next operator will read", "/reason")
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise CommandError(f"a reason has at most {_LONGEST_REASON} printable characters", "/reason")
    return reason


def check_expiry(expires_at: int | None, *, now: int) -> int | None:
    """Return the expiry. Raises CommandError unless it lies ahead, and not absurdly far."""
    if expires_at is None:
        return None
    if expires_at <= now:
        raise CommandError("the expiry lies in the past", "/expires")
    if expires_at > now + _LONGEST_LIFE_SECONDS:
        raise CommandError("the expiry lies more than ten years ahead; leave it out for never", "/expires")
    return expires_at
