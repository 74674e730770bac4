"""What the gateway decides, in figures: one document, and the same again and again as it changes.

Figures hold codes and names; the numbers most often forged are shown as who asks may see them.
"""

from __future__ import annotations

import time
from typing import Final

import msgspec
from aiohttp import web

from gateway.control.api.asking import ACTOR, IS_OPERATOR, STATE, answer, parameter_problem, read_whole
from gateway.control.api.call_documents import in_full, redacted
from gateway.control.figures.document import Wanted, calls_document, feeds_document, lists_document
from gateway.control.state import ControlState
from gateway.record.imports import latest_imports

MOST_MINUTES: Final = 1440
USUAL_MINUTES: Final = 60
EVERY_SECONDS: Final = 2.0
EVERY_SECONDS_LONG: Final = 15.0
"""Of more than two hours: adding them up takes tens of milliseconds, and a curve of a day moves slowly."""
LONG_MINUTES: Final = 120


async def figures(request: web.Request) -> web.Response:
    """All figures of the last minutes."""
    return answer(await figures_document(request, read_wanted(request)))


async def stream(request: web.Request) -> web.StreamResponse:
    """The same as server-sent events, each of them whole."""
    wanted = read_wanted(request)

    async def event() -> bytes:
        return msgspec.json.encode(await figures_document(request, wanted), enc_hook=str)

    every = EVERY_SECONDS_LONG if wanted.minutes > LONG_MINUTES else EVERY_SECONDS
    return await request.app[STATE].streams.serve(request, event, actor=request[ACTOR], every_seconds=every)


def read_wanted(request: web.Request) -> Wanted:
    """Which calls are meant. Raises Problem."""
    minutes = read_whole(request, "minutes", default=USUAL_MINUTES, most=MOST_MINUTES)
    if minutes == 0:
        raise parameter_problem("minutes", "must be at least 1")
    return Wanted(minutes=minutes, trunk=request.query.get("trunk", ""))


async def figures_document(request: web.Request, wanted: Wanted) -> dict[str, object]:
    """Everything, for whoever asks. Raises RecordError."""
    state = request.app[STATE]
    now = time.time()
    shown = in_full if request[IS_OPERATOR] else redacted
    async with state.record.read() as transaction:
        feeds = await latest_imports(transaction)
    return {
        **calls_document(state.figures, wanted, now=now, shown=shown),
        **_node(state, int(now)),
        "lists": lists_document(state.trust.lists(now=int(now))),
        "feeds": feeds_document(feeds),
    }


def _node(state: ControlState, now: int) -> dict[str, object]:
    return {"problems": state.not_whole(now=now), **state.generation_document()}


ROUTES = [
    web.get("/admin/v1/figures", figures),
    web.get("/admin/v1/figures/stream", stream),
]
