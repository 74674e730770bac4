"""Protecting a brand or a number against being forged from abroad, at once, until the lists are changed.

Each of its ranges gets an operator's decision: its calls that come by international trunks are blocked. The
lists themselves are managed in files, which the console does not write; what belongs there is shown.
"""

from __future__ import annotations

import json
import time
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE
from gateway.control.api.call_documents import in_full
from gateway.control.commands import add_decision
from gateway.control.commands.decisions import DecisionRequest, check_decision
from gateway.control.commands.problems import CommandError
from gateway.control.console.query import written_number
from gateway.control.console.showing import console_page
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to
from gateway.numbers.ranges import NumberRange

MOST_RANGES: Final = 50
_LONGEST_NAME: Final = 80


async def get_new(request: web.Request) -> web.Response:
    """The form."""
    form = Form({"numbers": [written_number(request.query.get("numbers", ""))]})
    return console_page(request, "protect.html", form=form, checked=None)


async def post_new(request: web.Request) -> web.Response:
    """First what it would do is shown; then it is done, for every range."""
    form, state, now = await read_form(request), request.app[STATE], int(time.time())
    name = form.text("name")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        form.refuse("name", f"Write whose numbers they are, in at most {_LONGEST_NAME} signs.")
    texts = [text for line in form.text("numbers").splitlines() if (text := written_number(line.strip()))]
    if not 1 <= len(texts) <= MOST_RANGES:
        form.refuse("numbers", f"Write one to {MOST_RANGES} numbers or ranges, one a line.")
        texts = []
    asked = [_decision(text, name) for text in texts]
    ranges: list[NumberRange] = []
    for text, each in zip(texts, asked, strict=True):
        try:
            ranges.append(check_decision(each, state.dialling(), now=now))
        except CommandError as error:
            form.refuse("numbers", f"{text}: {error.problem}.")
    if not form.is_good:
        return console_page(request, "protect.html", status=400, form=form, checked=None)
    if form.text("step") != "do":
        checked = [{"first": in_full(each.start), "count": each.count} for each in ranges]
        snippet = _snippet(name, ranges)
        return console_page(request, "protect.html", form=form, checked=checked, snippet=snippet)
    for each in asked:
        await add_decision(state.record, each, actor=request[ACTOR], now=now, rules=state.dialling())
    await state.follow()
    return go_to("/decisions?done=decided")


def _decision(text: str, name: str) -> DecisionRequest:
    is_range = "/" in text or (text.startswith("+") and "-" in text)
    return DecisionRequest(
        action="block",
        reason=f"protected: {name}",
        tn=None if is_range else text,
        range=text if is_range else None,
        trunk_kind="international",
    )


def _snippet(name: str, ranges: list[NumberRange]) -> str:
    """What says the same in brands.toml, for good."""
    written = (f"{in_full(each.start)}/{each.count}".removesuffix("/1") for each in ranges)
    numbers = ", ".join(f'"{each}"' for each in written)
    quoted = json.dumps(name, ensure_ascii=False)
    return f'[[brand]]\nname = {quoted}\nsector = "…"\nnumbers = [{numbers}]'
