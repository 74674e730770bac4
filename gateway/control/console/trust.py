"""What trust rests on, and how old it is: hosts of certificates, lists, and feeds."""

from __future__ import annotations

from aiohttp import web

from gateway.control.api.asking import STATE
from gateway.control.api.figures import figures_document
from gateway.control.commands.feeds import list_paused, paused_document
from gateway.control.console.showing import console_page
from gateway.control.figures.document import Wanted

DAY_MINUTES = 1440


async def get_trust(request: web.Request) -> web.Response:
    """The page."""
    problems = request.query.get("problems") == "true"
    document = await figures_document(request, Wanted(minutes=DAY_MINUTES))
    paused = await list_paused(request.app[STATE].record)
    return console_page(
        request,
        "trust.html",
        figures=document,
        problems=problems,
        paused={each.feed: paused_document(each) for each in paused},
    )
