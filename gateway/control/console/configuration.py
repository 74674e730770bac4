"""Taking the configuration on the disk, and going back: seen first, then confirmed."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE
from gateway.control.api.call_documents import preview_document
from gateway.control.api.generations import generation_document
from gateway.control.api.node import reload_document
from gateway.control.commands.problems import CommandError
from gateway.control.console.actors import names_of
from gateway.control.console.showing import console_page, shown_to
from gateway.control.pages.forms import Form, read_form
from gateway.web.problems import not_found

ROWS: Final = 50
LABELS: Final = {"reason": "Reason"}


async def get_generations(request: web.Request) -> web.Response:
    """What was in force, since when, on whose word, and what each changed."""
    state, text = request.app[STATE], request.query.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
    rows = await state.changes.history.newest(before=before, limit=ROWS)
    return console_page(
        request,
        "generations.html",
        rows=[generation_document(state, row) for row in rows],
        names=await names_of(request, (row.actor for row in rows)),
        is_rolled_back=state.reloader.is_rolled_back,
        following=rows[-1].number if len(rows) == ROWS else None,
    )


async def get_reload(request: web.Request) -> web.Response:
    """What the files on the disk would change."""
    state = request.app[STATE]
    candidate, before = await state.reloader.candidate(), state.reloader.generation
    problems = [str(each) for each in candidate] if isinstance(candidate, list) else []
    preview = None
    if not isinstance(candidate, list) and before is not None:
        found = await state.guard.preview(before, candidate.generation)
        limit_percent = before.policy.reload.most_newly_blocked_percent
        preview = preview_document(found, limit_percent, shown_to(request))
    is_same = (
        not isinstance(candidate, list)
        and before is not None
        and candidate.generation.digest == before.digest
    )
    return console_page(request, "reload.html", problems=problems, preview=preview, is_same=is_same)


async def post_reload(request: web.Request) -> web.Response:
    """Reload, and tell what became of it."""
    form, state = await read_form(request), request.app[STATE]
    result = await state.changes.reload(
        actor=request[ACTOR],
        override="override" in form.all("word"),
        accept_shrink="accept_shrink" in form.all("word"),
    )
    return console_page(
        request, "reloaded.html", status=200 if result.taken else 409, result=reload_document(result)
    )


async def get_roll_back(request: web.Request) -> web.Response:
    """Ask whether and why the policy of a generation is to be put back."""
    return await _ask(request, Form())


async def post_roll_back(request: web.Request) -> web.Response:
    """Put it back, and tell what became of it."""
    form, state = await read_form(request), request.app[STATE]
    if not form.text("reason"):
        form.refuse("reason", "Say why: it is what your colleagues will read.")
        return await _ask(request, form)
    try:
        result = await state.changes.roll_back(
            _number(request), actor=request[ACTOR], why=form.text("reason")
        )
    except CommandError as error:
        form.take(error, LABELS)
        return await _ask(request, form)
    return console_page(
        request, "reloaded.html", status=200 if result.taken else 409, result=reload_document(result)
    )


async def _ask(request: web.Request, form: Form) -> web.Response:
    state = request.app[STATE]
    row = await state.changes.history.find(_number(request))
    if row is None:
        raise not_found(request.path)
    status = 200 if form.is_good else 400
    return console_page(
        request, "roll_back.html", status=status, form=form, row=generation_document(state, row)
    )


def _number(request: web.Request) -> int:
    return int(request.match_info["number"])
