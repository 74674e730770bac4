"""Saying something else of numbers that stay the same: by which ways they call, and how they are shown."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, OWNER, STATE, trunks_of
from gateway.control.commands.problems import CommandError
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.claiming import LABELS, claim_of
from gateway.control.portal.number import PATH, shown_number
from gateway.control.registry.claims import change_registration
from gateway.generation.numbers_read import written
from gateway.numbers.canonical import to_e164
from gateway.registry.registration import Registration, Use
from gateway.registry.states import State
from gateway.web.problems import Problem

CHANGE: Final = PATH + "/change"


async def get_change(request: web.Request) -> web.Response:
    """What is said now, to be changed."""
    registration = await _changeable(request)
    brand = registration.brand
    said = {
        "trunks": sorted(registration.trunks),
        "providers": [" ".join(sorted(registration.providers))],
        "brand_name": ["" if brand is None else brand.name],
        "brand_call_reason": [(brand and brand.call_reason) or ""],
        "brand_logo_url": [(brand and brand.logo_url) or ""],
        "brand_logo_digest": [(brand and brand.logo_digest) or ""],
    }
    return _ask(request, registration, Form(said))


async def post_change(request: web.Request) -> web.Response:
    """Take what is said from now on; calls follow within a second."""
    form = await read_form(request)
    registration, state = await _changeable(request), request.app[STATE]
    numbers = f"{to_e164(registration.numbers.start)}/{registration.numbers.count}"
    asked = Form({**form.values, "numbers": [numbers], "use": [registration.use.value]})
    try:
        await change_registration(
            state.record,
            registration.id,
            claim_of(asked),
            owner_id=request[OWNER],
            trunks=trunks_of(request),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, LABELS)
        return _ask(request, registration, form, status=400)
    await state.follow()
    return go_to(f"/portal/numbers/{registration.id}?done=changed")


async def _changeable(request: web.Request) -> Registration:
    """The registration in the address. Raises CommandError, and Problem where there is nothing to change."""
    registration = (await shown_number(request)).registration
    if registration.state is State.WITHDRAWN or registration.use is Use.NEVER_CALLS_OUT:
        raise Problem(
            409,
            "conflict",
            "There is nothing to change here.",
            "It was given up, or never calls anybody. Give it up where it still stands, and claim it anew.",
        )
    return registration


def _ask(request: web.Request, registration: Registration, form: Form, *, status: int = 200) -> web.Response:
    return page(
        request,
        "portal/change.html",
        status=status,
        form=form,
        registration=registration,
        trunk_choices=[(name, name, "") for name in sorted(trunks_of(request))],
        written=written,
    )


PAGES = (
    Page("GET", CHANGE, get_change, Who.OWNER),
    Page("POST", CHANGE, post_change, Who.OWNER),
)
