"""The place where chains shared between nodes join: what the store must promise. Pure declarations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SharedPem:
    """A chain another node has fetched, unjudged."""

    body: bytes
    fresh_seconds: int
    """What is left of its lifetime."""


class SharedChains(Protocol):
    """Chains shared between nodes: raw PEM by x5u, judged by each node for itself.

    Both methods MUST bound their own time (tens of milliseconds) and MUST NOT raise: where the store cannot
    be reached, `get` returns None, as for an x5u it does not know, and `put` does nothing.
    """

    async def get(self, x5u: str) -> SharedPem | None:
        """Give what a node has put, while it is fresh."""

    async def put(self, x5u: str, pem: SharedPem) -> None:
        """Keep it for the other nodes for `fresh_seconds`."""
