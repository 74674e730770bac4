"""A page of the console: for staff, with what is wrong with the node on top of it."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE
from gateway.control.api.call_documents import Shown, in_full, redacted
from gateway.control.pages.rendering import page
from gateway.reasons import REASONS

DONE: Final = {
    "decided": "Decided. Calls see it within a second.",
    "removed": "Taken back. Calls see it within a second.",
    "letter": "The owner is told. If it was enough, calls see it within a second.",
    "letter-second": "Noted. The numbers are protected: a second operator has to agree.",
    "dispute": "Decided, and both are told. Calls see it within a second.",
    "paused": "Paused. Nothing of the feed is taken in until it is resumed.",
    "resumed": "The feed runs again.",
    "released": "Released. What was said of the number until today counts no more.",
}


def console_page(request: web.Request, template: str, *, status: int = 200, **values: object) -> web.Response:
    """The page, with the sentences of `readyz` where the node is not whole."""
    return page(
        request,
        f"console/{template}",
        status=status,
        node_problems=request.app[STATE].not_whole(now=int(time.time())),
        may_act=request[IS_OPERATOR],
        words=words_of,
        call_address=call_address,
        calls_address=calls_address,
        number_address=number_address,
        done=DONE.get(request.query.get("done", "")),
        **values,
    )


def shown_to(request: web.Request) -> Shown:
    """How numbers are shown to whoever asks."""
    return in_full if request[IS_OPERATOR] else redacted


def words_of(code: str | None) -> str:
    """A reason as a sentence; empty for none that is known."""
    row = None if code is None else REASONS.get(code)
    return "" if row is None else row.words


def call_address(call_id: str) -> str:
    """Where one call is explained."""
    return f"/calls/{quote(call_id, safe='')}"


def calls_address(**filters: object) -> str:
    """Where the calls are listed that fit."""
    given = {name: str(value) for name, value in filters.items() if value not in (None, "", False)}
    return f"/calls?{urlencode(given)}" if given else "/calls"


def number_address(number: str) -> str:
    """Where everything about a number stands."""
    return f"/number?{urlencode({'tn': number})}"
