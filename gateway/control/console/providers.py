"""Scorecards of the providers that sign calls, and what trunks and certificates did lately."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import STATE
from gateway.control.commands.providers import scorecards_document
from gateway.control.console.showing import console_page

DAYS: Final = (1, 7, 30, 90)


async def get_providers(request: web.Request) -> web.Response:
    """The page."""
    text = request.query.get("days", "")
    days = next((each for each in DAYS if str(each) == text), 30)
    state, now = request.app[STATE], int(time.time())
    policy = state.reloader.policy()
    return console_page(
        request,
        "providers.html",
        days=days,
        choices=DAYS,
        cards=(await scorecards_document(state.record, provider=None, days=days, now=now))["providers"],
        window_seconds=None if policy is None else policy.verdict.traffic.window_seconds,
        sums=state.traffic.sums(),
    )
