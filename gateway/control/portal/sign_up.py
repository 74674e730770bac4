"""An owner signs up: the organisation, then the address, then a password; all of it words until proven."""

from __future__ import annotations

import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import SIGNED_IN, STATE, policy_of
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.people.accounts import check_email, sign_up
from gateway.control.people.cookies import DEVICE, SESSION, set_entered
from gateway.control.people.signing_in import sign_in
from gateway.control.registry.owners import check_name
from gateway.web.problems import Problem

PATH: Final = "/portal/register"
_LABELS: Final = {
    "name": "The name of the organisation",
    "email": "Your e-mail address",
    "password": "The password",
}
STEPS: Final = ("name", "email", "password")


async def get_register(request: web.Request) -> web.Response:
    """The first question."""
    _require_open(request)
    if SIGNED_IN in request:
        return go_to("/portal")
    return _ask(request, Form(), "name")


async def post_register(request: web.Request) -> web.Response:
    """Take one answer and ask the next question; after the last one, let the owner in."""
    _require_open(request)
    form = await read_form(request)
    step = form.text("step")
    if step not in STEPS:
        return _ask(request, form, "name")
    try:
        check_name(form.text("name"))
        if step != "name":
            check_email(form.text("email"))
    except CommandError as error:
        form.take(error, _LABELS)
        return _ask(request, form, next(iter(form.problems), "name"), status=400)
    if step != "password":
        return _ask(request, form, STEPS[STEPS.index(step) + 1])
    return await _let_in(request, form)


async def _let_in(request: web.Request, form: Form) -> web.Response:
    record, now = request.app[STATE].record, int(time.time())
    try:
        person = await sign_up(
            record,
            organisation=form.text("name"),
            email=form.text("email"),
            password=form.raw("password"),
            address=request.remote,
            now=now,
        )
        entered = await sign_in(
            record,
            person.email,
            form.raw("password"),
            address=request.remote,
            device=request.cookies.get(DEVICE),
            session=request.cookies.get(SESSION),
            now=now,
        )
    except CommandError as error:
        form.take(error, _LABELS)
        status = 429 if error.trouble is Trouble.TOO_OFTEN else 400
        return _ask(request, form, "email" if "email" in form.problems else "password", status=status)
    response = go_to("/portal?done=registered")
    set_entered(response, entered)
    return response


def _ask(request: web.Request, form: Form, step: str, *, status: int = 200) -> web.Response:
    return page(request, "portal/register.html", status=status, form=form, step=step, steps=STEPS)


def _require_open(request: web.Request) -> None:
    if not policy_of(request).open_sign_up:
        raise Problem(
            403,
            "not-open",
            "Owners do not sign up by themselves here.",
            "Ask your network's operator to make you an account; then sign in.",
        )


PAGES = (
    Page("GET", PATH, get_register, Who.ANYBODY),
    Page("POST", PATH, post_register, Who.ANYBODY),
)
