"""Pausing a feed of evidence, and letting it run again; each asked once more."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE
from gateway.control.commands.feeds import pause_feed, resume_feed
from gateway.control.commands.problems import CommandError
from gateway.control.console.showing import console_page
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to

LABELS: Final = {"feed": "Feed", "reason": "Reason"}


async def get_pause(request: web.Request) -> web.Response:
    """Ask which, and why."""
    form = Form({"feed": [request.query.get("feed", "")]})
    return console_page(request, "pause_feed.html", form=form, checked=False)


async def post_pause(request: web.Request) -> web.Response:
    """First what it means is shown; then it is paused."""
    form = await read_form(request)
    if not form.text("reason"):
        form.refuse("reason", "Say why: it is what your colleagues will read.")
    if form.is_good and form.text("step") == "do":
        now = int(time.time())
        try:
            await pause_feed(
                request.app[STATE].record,
                form.text("feed"),
                form.text("reason"),
                actor=request[ACTOR],
                now=now,
            )
        except CommandError as error:
            form.take(error, LABELS)
        else:
            return go_to("/trust?done=paused#feeds")
    status = 200 if form.is_good else 400
    return console_page(request, "pause_feed.html", status=status, form=form, checked=form.is_good)


async def get_resume(request: web.Request) -> web.Response:
    """Ask whether it is to run again."""
    return console_page(request, "resume_feed.html", feed=request.match_info["feed"])


async def post_resume(request: web.Request) -> web.Response:
    """Let it run again."""
    await read_form(request)
    await resume_feed(
        request.app[STATE].record, request.match_info["feed"], actor=request[ACTOR], now=int(time.time())
    )
    return go_to("/trust?done=resumed#feeds")
