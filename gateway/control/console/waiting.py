"""What owners wait for: reading letters, and deciding between two who have proven the same numbers."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE, policy_of, require_operator
from gateway.control.commands.problems import CommandError
from gateway.control.console.showing import console_page, shown_to
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to
from gateway.control.registry.letters import check_letter
from gateway.control.registry.operating import decide_registration
from gateway.control.registry.waiting import list_waiting, show_letter, show_sides
from gateway.generation.numbers_read import written
from gateway.registry.states import Step

PATH: Final = "/owners"
LETTER: Final = PATH + "/letters/{proof:[0-9]{1,9}}"
DISPUTE: Final = PATH + "/disputes/{number:[0-9]{1,9}}"
ROWS: Final = 100
_LABELS: Final = {"reason": "The reason"}


async def get_waiting(request: web.Request) -> web.Response:
    """Letters and disputes, oldest first."""
    waiting = await list_waiting(
        request.app[STATE].record, policy=policy_of(request), now=int(time.time()), limit=ROWS
    )
    return console_page(request, "waiting.html", waiting=waiting, shown=shown_to(request), rows=ROWS)


async def get_letter(request: web.Request) -> web.Response:
    """One letter, to be read."""
    return await _letter(request, Form())


async def post_letter(request: web.Request) -> web.Response:
    """Believe it or refuse it."""
    form, state = await read_form(request), request.app[STATE]
    require_operator(request)
    if form.text("step") not in ("approve", "refuse"):
        form.refuse("step", "Choose whether it is good.")
        return await _letter(request, form, status=400)
    try:
        checked = await check_letter(
            state.record,
            int(request.match_info["proof"]),
            approve=form.text("step") == "approve",
            reason=form.text("reason"),
            policy=policy_of(request),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, _LABELS)
        return await _letter(request, form, status=400)
    await state.follow()
    return go_to(f"{PATH}?done={'letter-second' if checked.needs_second else 'letter'}")


async def get_dispute(request: web.Request) -> web.Response:
    """One disputed registration and the other side."""
    return await _dispute(request, Form())


async def post_dispute(request: web.Request) -> web.Response:
    """Award it, or end it."""
    form, state = await read_form(request), request.app[STATE]
    require_operator(request)
    if form.text("step") not in (Step.AWARD, Step.DISMISS):
        form.refuse("step", "Choose who has the numbers.")
        return await _dispute(request, form, status=400)
    try:
        await decide_registration(
            state.record,
            int(request.match_info["number"]),
            form.text("step"),
            form.text("reason"),
            policy=policy_of(request),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, _LABELS)
        return await _dispute(request, form, status=400)
    await state.follow()
    return go_to(f"{PATH}?done=dispute")


async def _letter(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    require_operator(request)
    letter = await show_letter(
        request.app[STATE].record,
        int(request.match_info["proof"]),
        policy=policy_of(request),
        now=int(time.time()),
    )
    return console_page(
        request, "letter.html", status=status, form=form, letter=letter, written=written, rows=ROWS
    )


async def _dispute(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    require_operator(request)
    mine, *others = await show_sides(
        request.app[STATE].record, int(request.match_info["number"]), now=int(time.time())
    )
    return console_page(
        request, "dispute.html", status=status, form=form, mine=mine, others=others, written=written
    )
