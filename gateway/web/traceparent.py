"""The span in which a client asks, as it says in a header (W3C Trace Context, section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VERSION_00: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
"""The only version there is. Another one, or a header that is none, is as if nothing was said."""
_SAMPLED: Final = 1


@dataclass(frozen=True, slots=True)
class Parent:
    """What the header says."""

    trace_id: int
    span_id: int
    is_sampled: bool
    """Whether the client keeps its own span."""


def traceparent(headers: Mapping[str, str]) -> str | None:
    """The header as it was sent; None where it says nothing."""
    sent = headers.get("traceparent")
    return sent if sent is not None and _VERSION_00.fullmatch(sent) else None


def parse_traceparent(text: str) -> Parent | None:
    """The parts of a header; None for one that says nothing."""
    found = _VERSION_00.fullmatch(text)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    return Parent(trace_id, span_id, is_sampled=bool(flags & _SAMPLED))
