"""The links on top of each page, by who is signed in. Only what is there is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.facts.tokens import Scope

_STAFF: Final = frozenset({Scope.OPERATOR.value, Scope.AUDITOR.value})
_OWNERS: Final = frozenset({Scope.OWNER.value})


@dataclass(frozen=True, slots=True)
class Link:
    """A link, and the roles that see it."""

    label: str
    address: str
    roles: frozenset[str]


LINKS: Final = (
    Link("Overview", "/", _STAFF),
    Link("Calls", "/calls", _STAFF),
    Link("Decisions", "/decisions", _STAFF),
    Link("Trust", "/trust", _STAFF),
    Link("Providers", "/providers", _STAFF),
    Link("Node", "/node", _STAFF),
    Link("Audit", "/audit", _STAFF),
    Link("Your numbers", "/portal", _OWNERS),
    Link("Add numbers", "/portal/numbers/new", _OWNERS),
    Link("Your account", "/account", _STAFF | _OWNERS),
)


def links_for(role: str | None, path: str) -> Sequence[tuple[Link, bool]]:
    """The links for a role, each with whether it leads to where this page is."""
    shown = [link for link in LINKS if role in link.roles]
    here = max(
        (link for link in shown if path == link.address or path.startswith(link.address.rstrip("/") + "/")),
        key=lambda link: len(link.address),
        default=None,
    )
    return [(link, link is here) for link in shown]
