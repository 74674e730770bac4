"""How a registration's numbers were used, and forged: by day as a picture, by way and outcome as a table."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import web

from gateway.control.api.asking import OWNER, STATE
from gateway.control.pages.rendering import page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.number import PATH, shown_number
from gateway.control.registry.use import FOREIGN, OWN, show_use
from gateway.generation.numbers_read import written
from gateway.record.use import Shown

DAYS: Final = (30, 90, 400)
_WIDTH: Final = 720
_HEIGHT: Final = 180
_GAP: Final = 0.2
KINDS: Final = ("own", "stopped", "passed", "unknown")
"""From the ground up: one's own calls; forged and stopped; forged and let through; nobody can tell."""
_STOPPED: Final = frozenset({"block", "challenge"})
WAYS: Final = {
    "access": "a line of this network",
    "customer": "a customer's PBX",
    "domestic": "another network of this country",
    "international": "from abroad",
}
WHOSE: Final = {"own": "yours", "foreign": "forged", "unknown": "nobody can tell"}
OUTCOMES: Final = {
    "allow": "let through",
    "label": "let through with a warning",
    "challenge": "sent to be screened",
    "block": "stopped",
    "signed-A": "signed with A",
    "signed-B": "signed with B",
    "signed-C": "signed with C",
    "signed-not": "not signed",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a day's column, in the units of the picture; `words` say it without the picture."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture: its bars, and what the top of it stands for."""

    bars: tuple[Bar, ...]
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT


def kind_of(shown: Shown) -> str:
    """Which part of a column a count belongs to."""
    if shown.whose == OWN:
        return "own"
    if shown.whose == FOREIGN:
        return "stopped" if shown.outcome in _STOPPED else "passed"
    return "unknown"


def draw(counts: Iterable[tuple[Shown, int]], days: Sequence[str]) -> Chart:
    """Draw a column for each of the days (ISO), in their order."""
    by_day: Counter[tuple[str, str]] = Counter()
    for shown, calls in counts:
        by_day[shown.day, kind_of(shown)] += calls
    sums = {day: sum(by_day[day, kind] for kind in KINDS) for day in days}
    most = max(sums.values(), default=0)
    if not most:
        return Chart((), 0)
    step, bars = _WIDTH / len(days), []
    for place, day in enumerate(days):
        ground = float(_HEIGHT)
        for kind in KINDS:
            calls = by_day[day, kind]
            if calls:
                height = calls / most * _HEIGHT
                ground -= height
                words = f"{day}: {calls:,} {NAMES[kind]}"
                x, width = place * step + step * _GAP / 2, step * (1 - _GAP)
                bars.append(
                    Bar(kind, round(x, 2), round(ground, 2), round(width, 2), round(height, 2), words)
                )
    return Chart(tuple(bars), most)


NAMES: Final = {
    "own": "of your own",
    "stopped": "forged and stopped",
    "passed": "forged and let through",
    "unknown": "of which nobody can tell",
}


async def get_use(request: web.Request) -> web.Response:
    """The picture and the table."""
    named = request.query.get("days", "")
    length = next((days for days in DAYS if str(days) == named), DAYS[0])
    shown, now = await shown_number(request), int(time.time())
    registration = shown.registration
    counts = await show_use(
        request.app[STATE].record, registration.id, owner_id=request[OWNER], days=length, now=now
    )
    today = datetime.fromtimestamp(now, UTC).date()
    days = [(today - timedelta(days=back)).isoformat() for back in reversed(range(length))]
    table: Counter[tuple[str, str, str]] = Counter()
    totals: Counter[str] = Counter()
    for each, calls in counts:
        table[each.whose, each.path, each.outcome] += calls
        totals[kind_of(each)] += calls
    return page(
        request,
        "portal/use.html",
        registration=registration,
        written=written,
        chart=draw(counts, days),
        first=days[0],
        last=days[-1],
        length=length,
        lengths=DAYS,
        totals=totals,
        names=NAMES,
        rows=sorted(table.items()),
        ways=WAYS,
        whose=WHOSE,
        outcomes=OUTCOMES,
    )


PAGES = (Page("GET", PATH + "/use", get_use, Who.OWNER),)
