"""The request id: a client's own, cleaned, or a new one; echoed in every answer and put into the log."""

from __future__ import annotations

import re
import uuid
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
    return str(uuid.uuid4())
