"""One registration: where it stands and who must act, what proves it, its history; and giving it up."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, OWNER, STATE, policy_of
from gateway.control.pages.forms import read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.standing import proofs_to_choose, timeline
from gateway.control.portal.words import KINDS, STATES, STEPS, whose_turn
from gateway.control.registry.claims import withdraw
from gateway.control.registry.showing import Shown, show_registration
from gateway.generation.numbers_read import written
from gateway.registry.proofs import ProofKind

PATH: Final = "/portal/numbers/{number:[0-9]{1,9}}"
DONE: Final = {
    "claimed": "The numbers are claimed. Next: prove that they are yours.",
    "proven": "The proof is given.",
    "changed": "It is changed. Calls follow within a second.",
    "withdrawn": "The numbers are given up. Calls see it within a second.",
    "letter": "Your letter is with the operators.",
}


async def get_number(request: web.Request) -> web.Response:
    """One registration."""
    shown, now = await shown_number(request), int(time.time())
    has_letter = any(each.kind is ProofKind.LETTER and each.is_pending(now) for each in shown.proofs)
    return page(
        request,
        "portal/number.html",
        registration=shown.registration,
        events=shown.events,
        state=STATES[shown.registration.state],
        turn=whose_turn(shown.registration.state, is_with_operator=has_letter),
        steps=STEPS,
        timeline=timeline(shown, now=now),
        choices=proofs_to_choose(shown, policy=policy_of(request), now=now),
        kinds=KINDS,
        written=written,
        done=DONE.get(request.query.get("done", "")),
    )


async def get_withdraw(request: web.Request) -> web.Response:
    """Ask once more."""
    shown = await shown_number(request)
    return page(request, "portal/withdraw.html", registration=shown.registration, written=written)


async def post_withdraw(request: web.Request) -> web.Response:
    """Give the numbers up."""
    await read_form(request)
    state, number = request.app[STATE], number_of(request)
    await withdraw(
        state.record,
        number,
        owner_id=request[OWNER],
        policy=policy_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.follow()
    return go_to(f"/portal/numbers/{number}?done=withdrawn")


async def shown_number(request: web.Request) -> Shown:
    """The registration in the address, if it is of who asks. Raises CommandError."""
    return await show_registration(
        request.app[STATE].record, number_of(request), owner_id=request[OWNER], policy=policy_of(request)
    )


def number_of(request: web.Request) -> int:
    """The id in the address."""
    return int(request.match_info["number"])


PAGES = (
    Page("GET", PATH, get_number, Who.OWNER),
    Page("GET", PATH + "/withdraw", get_withdraw, Who.OWNER),
    Page("POST", PATH + "/withdraw", post_withdraw, Who.OWNER),
)
