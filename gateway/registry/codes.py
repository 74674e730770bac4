"""The code that is called out to a number: six digits, few tries, a short life.

Six digits and five tries leave a guesser one chance in 200,000 for each code, and the limits below leave him
few codes. The stored hash is no secret keeper against somebody who reads the record (a million codes are
tried in a second); it keeps codes out of backups and query logs while they are worth something.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final

CODE_DIGITS: Final = 6
CODES: Final = 10**CODE_DIGITS
MOST_TRIES: Final = 5
CODE_SECONDS: Final = 600
CALL_SECONDS: Final = 900
"""How long the gateway waits for the call that proves a number."""

SECONDS_AN_HOUR: Final = 3_600

_TYPED: Final = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` within `seconds`."""

    most: int
    seconds: int = SECONDS_AN_HOUR

    def __str__(self) -> str:
        """Say it in words."""
        span = "hour" if self.seconds == SECONDS_AN_HOUR else f"{self.seconds} seconds"
        return f"at most {self.most} within one {span}"


CODES_TO_A_NUMBER: Final = Limit(3)
CODES_TO_A_PREFIX: Final = Limit(30)
"""Ten thousand neighbouring numbers: whoever is paid for calls to them asks for all of them."""
CODES_OF_AN_OWNER: Final = Limit(20)
CODES_FROM_AN_ADDRESS: Final = Limit(20)


def render_code(chosen: int) -> str:
    """The code for a random number below `CODES`. ValueError for any other."""
    if not 0 <= chosen < CODES:
        raise ValueError(f"a code is chosen among {CODES}")
    return f"{chosen:0{CODE_DIGITS}d}"


def read_code(typed: str) -> str | None:
    """The code as a person types or pastes it, blanks and hyphens left out; None for what is none."""
    compact = typed.replace(" ", "").replace("-", "")
    return compact if _TYPED.fullmatch(compact) else None


def hash_code(code: str, *, salt: bytes) -> str:
    """What is stored of a code (hex)."""
    return hmac.new(salt, code.encode("ascii"), hashlib.sha256).hexdigest()


def is_code(typed: str, *, salt: bytes, stored: str) -> bool:
    """Whether this is the code, in a time that does not tell how much of it was right."""
    code = read_code(typed)
    return code is not None and hmac.compare_digest(hash_code(code, salt=salt), stored)
