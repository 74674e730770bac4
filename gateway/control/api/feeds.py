"""Feeds that are paused, by HTTP."""

from __future__ import annotations

import time

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE, answer, read_document
from gateway.control.commands.documents import read_members, read_text
from gateway.control.commands.feeds import list_paused, pause_feed, paused_document, resume_feed


async def paused_feeds(request: web.Request) -> web.Response:
    """Those that are paused."""
    found = await list_paused(request.app[STATE].record)
    return answer({"paused_feeds": [paused_document(each) for each in found]})


async def pause(request: web.Request) -> web.Response:
    """Pause one: the next import of it is refused."""
    members = read_members(await read_document(request), required=("feed", "reason"), optional=())
    paused = await pause_feed(
        request.app[STATE].record,
        read_text(members, "feed"),
        read_text(members, "reason"),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    return answer(paused_document(paused), status=201)


async def resume(request: web.Request) -> web.Response:
    """Let one run again."""
    resumed = await resume_feed(
        request.app[STATE].record, request.match_info["feed"], actor=request[ACTOR], now=int(time.time())
    )
    return answer(paused_document(resumed))


ROUTES = [
    web.get("/admin/v1/paused-feeds", paused_feeds),
    web.post("/admin/v1/paused-feeds", pause),
    web.delete("/admin/v1/paused-feeds/{feed:[A-Za-z0-9._-]{1,64}}", resume),
]
