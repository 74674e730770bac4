"""Everything at a glance, and the same again and again while somebody looks at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from aiohttp import web

from gateway.control.api.asking import ACTOR, SIGNED_IN, STATE
from gateway.control.api.figures import EVERY_SECONDS, EVERY_SECONDS_LONG, LONG_MINUTES, figures_document
from gateway.control.console.charts import curves, spark, stacked
from gateway.control.console.showing import console_page
from gateway.control.figures.document import Wanted
from gateway.control.pages.rendering import go_to
from gateway.control.people.pages import home_of
from gateway.facts.tokens import Scope

WINDOWS: Final = ((5, "5 minutes"), (60, "1 hour"), (360, "6 hours"), (1440, "24 hours"))
ACTIONS: Final = ("allow", "label", "challenge", "block")
VERSTATS: Final = ("TN-Validation-Passed", "No-TN-Validation", "TN-Validation-Failed")
ROWS: Final = 12


async def get_overview(request: web.Request) -> web.Response:
    """The page; owners who typed the bare address are brought to theirs."""
    role = request[SIGNED_IN].person.role
    if role == Scope.OWNER:
        return go_to(home_of(role))
    return console_page(request, "overview.html", **await _values(request))


async def get_live(request: web.Request) -> web.StreamResponse:
    """Its changing parts as server-sent events, each of them whole."""
    minutes = _wanted(request).minutes

    async def event() -> bytes:
        shown = console_page(request, "overview_live.html", **await _values(request))
        return msgspec.json.encode(shown.text)

    every = EVERY_SECONDS_LONG if minutes > LONG_MINUTES else EVERY_SECONDS
    return await request.app[STATE].streams.serve(request, event, actor=request[ACTOR], every_seconds=every)


def _wanted(request: web.Request) -> Wanted:
    """Which calls are meant; what no link of ours asks for is the usual."""
    text = request.query.get("minutes", "")
    minutes = next((each for each, _ in WINDOWS if str(each) == text), 60)
    return Wanted(minutes=minutes, trunk=request.query.get("trunk", ""))


async def _values(request: web.Request) -> dict[str, Any]:
    wanted = _wanted(request)
    document = await figures_document(request, wanted)
    series = cast("Sequence[Mapping[str, Any]]", document["series"])
    totals = cast("Mapping[str, Any]", document["totals"])
    step = wanted.step
    return {
        "figures": document,
        "totals": totals,
        "wanted": wanted,
        "windows": WINDOWS,
        "since": document["since"],
        "rows": ROWS,
        "seconds": spark(cast("Sequence[int]", document["seconds"])),
        "by_action": stacked(series, "actions", ACTIONS, step_minutes=step),
        "by_verstat": stacked(series, "verstats", VERSTATS, step_minutes=step),
        "by_elapsed": curves(series, ("p50", "p99"), step_minutes=step),
    }
