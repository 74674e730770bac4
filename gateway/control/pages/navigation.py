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
    leads_on_to: tuple[str, ...] = ()
    """Pages that are found from here, and are nobody else's."""


LINKS: Final = (
    Link("Overview", "/", _STAFF),
    Link("Calls", "/calls", _STAFF, ("/number", "/release")),
    Link("Decisions", "/decisions", _STAFF, ("/protection",)),
    Link("Owners", "/owners", _STAFF),
    Link("Trust", "/trust", _STAFF, ("/feeds",)),
    Link("Providers", "/providers", _STAFF),
    Link("Node", "/node", _STAFF, ("/generations", "/reload")),
    Link("Audit", "/audit", _STAFF),
    Link("Your numbers", "/portal", _OWNERS),
    Link("Add numbers", "/portal/numbers/new", _OWNERS),
    Link("Your account", "/account", _STAFF | _OWNERS),
)


def links_for(role: str | None, path: str) -> Sequence[tuple[Link, bool]]:
    """The links for a role, each with whether this page is one of those it leads to."""
    shown = [link for link in LINKS if role in link.roles]
    fitting = [
        (len(address), link)
        for link in shown
        for address in (link.address, *link.leads_on_to)
        # Everything is below the root, which is a page like the others.
        if path == address or (address != "/" and path.startswith(f"{address}/"))
    ]
    _, here = max(fitting, key=lambda found: found[0], default=(0, None))
    return [(link, link is here) for link in shown]
