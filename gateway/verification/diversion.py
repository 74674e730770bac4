"""Whether the diversions of a call join into one chain: RFC 8946 section 4.2, ATIS-1000085.

A call signed to A, diverted from A to B and from B to C carries three PASSporTs, in any order. They are
joined by their numbers alone, in canonical form; that each link is signed, fresh and by someone who may
speak for the number diverted from is said elsewhere, of each link (`claims`, `judge`). That `orig` is the
same in all follows from its being the call's in each.

All `div` PASSporTs of a call must be part of the one chain: a link more is as suspect as a link missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.numbers.canonical import TelephoneNumber
from gateway.passport.ppt import Ppt
from gateway.reasons import DIV_ALONE, DIV_BROKEN, DIV_LENGTH, DIV_LOOP, Finding
from gateway.verification.outcome import Examined

MAX_DIVERSIONS: Final = 5
DIVERSIONS: Final = frozenset({Ppt.DIV, Ppt.DIV_O})


@dataclass(frozen=True, slots=True)
class Chain:
    """Diversions that join, the first one first."""

    start: TelephoneNumber
    """The number the call was first diverted from: what the PASSporT before the chain must be signed to."""
    diverted: tuple[TelephoneNumber, ...]
    """Every number diverted from, in order."""
    places: tuple[int, ...]
    """Which headers of the call are the links."""


def arrange(links: Mapping[int, Examined], origins: Collection[Examined]) -> Chain | Finding:
    """Join all `div` PASSporTs of a call, by their places, behind one of `origins` (those without `div`)."""
    if len(links) > MAX_DIVERSIONS:
        return Finding(DIV_LENGTH, f"found {len(links)}")
    if not origins:
        return Finding(DIV_ALONE)
    if has_loop(links.values()):
        return Finding(DIV_LOOP)
    for dests in {origin.dests for origin in origins}:
        order = _walk(links, dests)
        if order is not None:
            elsewhere = links[order[-1]].elsewhere
            if elsewhere is not None:
                return elsewhere
            diverted = tuple(dict.fromkeys(links[place].tn for place in order))
            return Chain(diverted[0], diverted, order)
    return Finding(DIV_BROKEN, parameter="div")


def has_loop(links: Collection[Examined]) -> bool:
    """Say whether any number is diverted back to, through however many links."""
    remaining = list(links)
    while remaining:
        diverted = {link.tn for link in remaining}
        leading_on = [link for link in remaining if not diverted.isdisjoint(link.dests)]
        if len(leading_on) == len(remaining):
            return True
        remaining = leading_on
    return False


def _walk(links: Mapping[int, Examined], dests: frozenset[TelephoneNumber]) -> tuple[int, ...] | None:
    """Follow the links from `dests`; None when one does not join, or where the way parts."""
    remaining = dict(links)
    order: list[int] = []
    while remaining:
        following = [place for place, link in remaining.items() if link.tn in dests]
        # A network may sign the same step once for each earlier PASSporT (RFC 8946 section 4.1).
        onward = {(link.tn, link.dests) for place in following for link in (remaining.pop(place),)}
        if len(onward) != 1:
            return None
        ((_, dests),) = onward
        order.extend(following)
    return tuple(order)
