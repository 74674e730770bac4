"""`/portal`: one's numbers by pages, which of them wait for somebody, and what one was told."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import MOST_ID, OWNER, STATE, read_whole
from gateway.control.commands.problems import CommandError
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.words import STATES, WAITING, whose_turn
from gateway.control.registry.claim_check import check_numbers
from gateway.control.registry.showing import Overview, find_own_numbers, show_overview
from gateway.generation.numbers_read import written
from gateway.registry.states import State

PATH: Final = "/portal"
ROWS: Final = 50
DONE: Final = {
    "registered": "You are registered. Next: add the numbers you call from, and those that never call.",
    "letter": "Your letter is with the operators.",
}


async def get_home(request: web.Request) -> web.Response:
    """A page of one's numbers."""
    named = request.query.get("state", "")
    state = State(named) if named in set(State) else None
    after = read_whole(request, "after", default=0, most=MOST_ID)
    overview = await show_overview(
        request.app[STATE].record,
        owner_of(request),
        state=state,
        after_id=after,
        limit=ROWS,
        now=int(time.time()),
    )
    return _shown(request, overview, Form(), state=state, is_first=after == 0)


async def post_search(request: web.Request) -> web.Response:
    """Find numbers among one's own; by a form, as numbers do not belong into addresses."""
    form = await read_form(request)
    record, owner_id, now = request.app[STATE].record, owner_of(request), int(time.time())
    overview = await show_overview(record, owner_id, state=None, after_id=0, limit=ROWS, now=now)
    try:
        numbers = check_numbers(form.text("search"), "/search")
    except CommandError as error:
        form.take(error, {"search": "The number to look for"})
        return _shown(request, overview, form, status=400)
    found = await find_own_numbers(record, numbers, owner_id=owner_id, limit=ROWS, now=now)
    return _shown(request, overview.with_rows(found), form, searched=written(numbers))


def owner_of(request: web.Request) -> int:
    """Whose portal this is. Pages for owners are shown to owners alone."""
    owner_id = request[OWNER]
    if owner_id is None:
        raise AssertionError("a page for owners was shown to somebody else")
    return owner_id


def _shown(
    request: web.Request,
    overview: Overview,
    form: Form,
    *,
    state: State | None = None,
    is_first: bool = True,
    searched: str = "",
    status: int = 200,
) -> web.Response:
    is_full = len(overview.registrations) == ROWS and not searched
    return page(
        request,
        "portal/home.html",
        status=status,
        form=form,
        overview=overview,
        words=STATES,
        turn=whose_turn,
        waiting=WAITING,
        written=written,
        state=state,
        is_first=is_first,
        searched=searched,
        following=overview.registrations[-1].id if is_full else None,
        done=DONE.get(request.query.get("done", "")),
    )


PAGES = (
    Page("GET", PATH, get_home, Who.OWNER),
    Page("POST", f"{PATH}/search", post_search, Who.OWNER),
)
