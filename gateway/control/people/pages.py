"""The pages by which people sign in and out, and look after their own account."""

from __future__ import annotations

import time
from urllib.parse import quote

from aiohttp import web
from markupsafe import Markup

from gateway.control.api.asking import SIGNED_IN, STATE
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import SIGN_IN, Page, Who, own_address
from gateway.control.people.cookies import DEVICE, SESSION, forget_session, set_entered
from gateway.control.people.kept import kept_fields, kept_names, kept_path
from gateway.control.people.own_account import (
    begin_totp,
    change_password,
    confirm_totp,
    end_totp,
    sign_out_everywhere,
)
from gateway.control.people.signing_in import Entered, give_code, sign_in, sign_out
from gateway.control.people.totp import secret_picture, spelled_secret
from gateway.facts.tokens import Scope

CODE = f"{SIGN_IN}/code"
ACCOUNT = "/account"
DONE = {
    "password": "Your password is changed. Everywhere else you are signed out.",
    "totp": "From now on a code from your app is asked for when you sign in.",
    "no-totp": "No code is asked for any more when you sign in.",
    "everywhere": "Everywhere else you are signed out.",
}


def home_of(role: str) -> str:
    """Where somebody begins."""
    return "/portal" if role == Scope.OWNER else "/"


async def get_sign_in(request: web.Request) -> web.Response:
    """The page to sign in."""
    signed_in = request.get(SIGNED_IN)
    if signed_in is not None and not signed_in.waits_for_code:
        return go_to(home_of(signed_in.person.role))
    return sign_in_page(request, Form(), _next(request.query.get("next", "")))


async def post_sign_in(request: web.Request) -> web.Response:
    """Take e-mail and password."""
    form = await read_form(request)
    following = _next(form.text("next"))
    try:
        entered = await sign_in(
            request.app[STATE].record,
            form.text("email"),
            form.raw("password"),
            address=request.remote,
            device=request.cookies.get(DEVICE),
            session=request.cookies.get(SESSION),
            now=int(time.time()),
        )
    except CommandError as error:
        form.refuse("password", error.problem)
        status = 429 if error.trouble is Trouble.TOO_OFTEN else 400
        return sign_in_page(request, form, following, status=status)
    return _let_in(request, entered, form, following)


async def get_code(request: web.Request) -> web.Response:
    """The page that asks for the code after the password."""
    signed_in = request.get(SIGNED_IN)
    if signed_in is None or not signed_in.waits_for_code:
        return go_to(SIGN_IN)
    following = _next(request.query.get("next", ""))
    return page(request, "people/code.html", form=Form(), next=following, kept=())


async def post_code(request: web.Request) -> web.Response:
    """Take the code."""
    form = await read_form(request)
    signed_in, following = request.get(SIGNED_IN), _next(form.text("next"))
    if signed_in is None or not signed_in.waits_for_code:
        return go_to(SIGN_IN)
    try:
        entered = await give_code(
            request.app[STATE].record,
            signed_in,
            form.text("code"),
            device=request.cookies.get(DEVICE),
            now=int(time.time()),
        )
    except CommandError as error:
        if error.trouble is Trouble.GONE:
            form.refuse("password", error.problem)
            return sign_in_page(request, form, following, status=400)
        form.refuse("code", error.problem)
        kept = kept_names(form)
        return page(request, "people/code.html", status=400, form=form, next=following, kept=kept)
    return _let_in(request, entered, form, following)


async def post_sign_out(request: web.Request) -> web.Response:
    """Sign out, here."""
    signed_in = request.get(SIGNED_IN)
    if signed_in is not None:
        await sign_out(request.app[STATE].record, signed_in)
    response = go_to(SIGN_IN)
    forget_session(response)
    return response


async def get_account(request: web.Request) -> web.Response:
    """One's own account."""
    done = DONE.get(request.query.get("done", ""))
    return page(request, "people/account.html", form=Form(), done=done, signed_in=request[SIGNED_IN])


async def post_password(request: web.Request) -> web.Response:
    """Change the password."""
    form = await read_form(request)
    if form.raw("password") != form.raw("again"):
        form.refuse("again", "The two new passwords differ: type the same twice.")
        return _account(request, form)
    labels = {"current": "Your present password", "password": "The new password"}
    try:
        await change_password(
            request.app[STATE].record,
            request[SIGNED_IN],
            current=form.raw("current"),
            wanted=form.raw("password"),
            device=request.cookies.get(DEVICE),
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, labels)
        return _account(request, form)
    return go_to(f"{ACCOUNT}?done=password")


async def post_totp(request: web.Request) -> web.Response:
    """Show a secret for an authenticator app, this once; or take the second step away."""
    form = await read_form(request)
    record, signed_in, now = request.app[STATE].record, request[SIGNED_IN], int(time.time())
    current, code = form.raw("totp_current"), form.text("totp_code")
    try:
        if form.text("step") == "end":
            await end_totp(record, signed_in, current=current, code=code, now=now)
            return go_to(f"{ACCOUNT}?done=no-totp")
        secret = await begin_totp(record, signed_in, current=current, code=code, now=now)
    except CommandError as error:
        place = f"/totp/{error.pointer.strip('/')}"
        form.take(
            CommandError(error.problem, place),
            {"totp_current": "Your present password", "totp_code": "The code"},
        )
        return _account(request, form)
    picture = Markup(secret_picture(secret, email=signed_in.person.email))  # noqa: S704 - made by segno alone
    return page(request, "people/totp.html", form=Form(), picture=picture, secret=spelled_secret(secret))


async def post_totp_code(request: web.Request) -> web.Response:
    """Take the first code of a new secret."""
    form = await read_form(request)
    try:
        await confirm_totp(
            request.app[STATE].record, request[SIGNED_IN], form.text("code"), now=int(time.time())
        )
    except CommandError as error:
        form.refuse("code", error.problem)
        # The secret was shown, and is not shown again: an app that has it can go on.
        return page(request, "people/totp.html", status=400, form=form, picture=None, secret=None)
    return go_to(f"{ACCOUNT}?done=totp")


async def post_everywhere(request: web.Request) -> web.Response:
    """Sign out everywhere else."""
    device = request.cookies.get(DEVICE)
    await sign_out_everywhere(
        request.app[STATE].record, request[SIGNED_IN], device=device, now=int(time.time())
    )
    return go_to(f"{ACCOUNT}?done=everywhere")


def sign_in_page(request: web.Request, form: Form, following: str = "", *, status: int = 200) -> web.Response:
    """The page to sign in, with whatever another form had when its session ended."""
    generation = request.app[STATE].reloader.generation
    return page(
        request,
        "people/sign_in.html",
        status=status,
        form=form,
        next=following,
        kept=kept_names(form),
        open_sign_up=generation is not None and generation.policy.registry.open_sign_up,
    )


def _account(request: web.Request, form: Form) -> web.Response:
    return page(
        request, "people/account.html", status=400, form=form, done=None, signed_in=request[SIGNED_IN]
    )


def _let_in(request: web.Request, entered: Entered, form: Form, following: str) -> web.Response:
    kept = kept_path(form)
    if entered.waits_for_code and kept is not None:
        response = page(request, "people/code.html", form=form, next=following, kept=kept_names(form))
    elif entered.waits_for_code:
        response = go_to(f"{CODE}?next={quote(following, safe='/')}" if following else CODE)
    elif kept is not None:
        response = page(request, "people/go_on.html", path=kept, fields=list(kept_fields(form)))
    else:
        response = go_to(following or home_of(entered.person.role))
    set_entered(response, entered)
    return response


def _next(text: str) -> str:
    return own_address(text) or ""


PAGES = (
    Page("GET", SIGN_IN, get_sign_in, Who.ANYBODY),
    Page("POST", SIGN_IN, post_sign_in, Who.ANYBODY),
    Page("GET", CODE, get_code, Who.ANYBODY),
    Page("POST", CODE, post_code, Who.ANYBODY),
    Page("POST", "/sign-out", post_sign_out, Who.ANYBODY),
    Page("GET", ACCOUNT, get_account, Who.SIGNED_IN),
    Page("POST", f"{ACCOUNT}/password", post_password, Who.SIGNED_IN),
    Page("POST", f"{ACCOUNT}/totp", post_totp, Who.SIGNED_IN),
    Page("POST", f"{ACCOUNT}/totp/code", post_totp_code, Who.SIGNED_IN),
    Page("POST", f"{ACCOUNT}/everywhere", post_everywhere, Who.SIGNED_IN),
)
