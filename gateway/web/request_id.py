"""The request id: a client's own, cleaned, or a new one; echoed in every answer and put into the log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

_ACCEPTED: Final = re.compile(r"[A-Za-z0-9._:@/+=~-]{1,128}")
_REFUSED: Final = re.compile(r"[^A-Za-z0-9._:@/+=~-]+")


def request_id(received: str | None) -> str:
    """The `X-RequestID` to answer with.

    ATIS-1000082 has it echoed and does not validate it; it goes into logs and headers, so what could
    break a line there is cut out and the length is bounded. An absent or wholly unusable one is made.
    """
    if received is not None:
        if _ACCEPTED.fullmatch(received):
            return received
        cleaned = _REFUSED.sub("", received)[:128]
        if cleaned:
            return cleaned
    return next(_MADE)


def _made() -> Iterator[str]:
    """Random UUIDs (RFC 9562 section 5.4) as text, many at once. Not kept over a fork.

    uuid.uuid4 takes four times as long to the same end, and asks the kernel for each.
    """
    while True:
        block = os.urandom(16 * 256).hex()
        yield from [_as_uuid(block[place : place + 32]) for place in range(0, len(block), 32)]


def _as_uuid(text: str) -> str:
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


_MADE: Final = _made()
