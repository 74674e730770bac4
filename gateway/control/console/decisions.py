"""Deciding about numbers, and taking it back: asked, checked, confirmed, done by the API's own commands."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from gateway.control.api.asking import ACTOR, IS_OPERATOR, STATE, row_id
from gateway.control.api.call_documents import in_full
from gateway.control.commands import add_decision, list_decisions, remove_decision
from gateway.control.commands.decisions import TRUNK_KINDS, DecisionRequest, check_decision
from gateway.control.commands.disputes import release_number
from gateway.control.commands.documents import decision_document, redacted_decision_document
from gateway.control.commands.problems import CommandError
from gateway.control.console.actors import names_of
from gateway.control.console.query import written_number
from gateway.control.console.showing import call_address, console_page, number_address
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to
from gateway.numbers.canonical import TelephoneNumber
from gateway.record.decisions import Decision
from gateway.web.problems import not_found

TERMS: Final = (("1", "one day"), ("7", "a week"), ("30", "30 days"), ("90", "90 days"), ("0", "no end"))
"""Days, and how they are called."""
LABELS: Final = {
    "tn": "Number",
    "reason": "Reason",
    "trunk_kind": "Trunks",
    "action": "Action",
}
ROWS: Final = 200
_SECONDS_A_DAY: Final = 86_400


async def get_decisions(request: web.Request) -> web.Response:
    """Those that stand, or all."""
    past = request.query.get("past") == "true"
    after = row_id(request.query.get("after", "")) or 0
    found = await list_decisions(
        request.app[STATE].record, now=int(time.time()), include_past=past, after_id=after, limit=ROWS
    )
    made = request.query.get("id", "")
    return console_page(
        request,
        "decisions.html",
        decisions=[_shown(request, each) for each in found],
        names=await names_of(request, (each.created_by for each in found)),
        past=past,
        following=found[-1].id if len(found) == ROWS else None,
        made=made if made.isascii() and made.isdigit() else "",
    )


async def get_new(request: web.Request) -> web.Response:
    """The form."""
    given = {name: [value] for name, value in request.query.items()}
    form = Form({"action": ["block"], "days": ["30"], **given})
    return console_page(request, "decide.html", form=form, terms=TERMS, kinds=TRUNK_KINDS, checked=None)


async def post_new(request: web.Request) -> web.Response:
    """First what it would do is shown; then it is done."""
    form, state, now = await read_form(request), request.app[STATE], int(time.time())
    asked = _asked(form, now)
    if not asked.reason:
        form.refuse("reason", "Say why: it is what your colleagues will read.")
    try:
        numbers = check_decision(asked, state.dialling(), now=now)
    except CommandError as error:
        # Number and range are one field of the page.
        pointer = "/tn" if error.pointer == "/range" else error.pointer
        form.take(CommandError(error.problem, pointer), LABELS)
        return console_page(
            request, "decide.html", status=400, form=form, terms=TERMS, kinds=TRUNK_KINDS, checked=None
        )
    if form.text("step") != "do":
        checked = {
            "first": in_full(numbers.start),
            "count": numbers.count,
            "calls": sum(
                numbers.covers(TelephoneNumber(shown))
                for call in state.latest.all()
                if (shown := call.orig or call.network_tn)
            ),
            "expires": asked.expires_at,
        }
        return console_page(
            request, "decide.html", form=form, terms=TERMS, kinds=TRUNK_KINDS, checked=checked
        )
    made = await add_decision(state.record, asked, actor=request[ACTOR], now=now, rules=state.dialling())
    await state.follow()
    return go_to(f"/decisions?{urlencode({'done': 'decided', 'id': made.id})}")


async def get_removal(request: web.Request) -> web.Response:
    """Ask whether a decision is to be taken back."""
    return console_page(request, "remove.html", decision=_shown(request, await _find(request)))


async def post_removal(request: web.Request) -> web.Response:
    """Take it back."""
    await read_form(request)
    state = request.app[STATE]
    await remove_decision(
        state.record, int(request.match_info["decision"]), actor=request[ACTOR], now=int(time.time())
    )
    await state.follow()
    return go_to("/decisions?done=removed")


async def get_release(request: web.Request) -> web.Response:
    """Ask why a number is to be released."""
    form = Form({name: [value] for name, value in request.query.items()})
    return console_page(request, "release.html", form=form, checked=False)


async def post_release(request: web.Request) -> web.Response:
    """Let what was said of the number until today count no more."""
    form, state = await read_form(request), request.app[STATE]
    if not form.text("reason"):
        form.refuse("reason", "Say why: the audit keeps it.")
    if form.text("step") != "do" or not form.is_good:
        return console_page(
            request,
            "release.html",
            status=200 if form.is_good else 400,
            form=form,
            checked=form.is_good,
        )
    try:
        released = await release_number(
            state.record,
            written_number(form.text("tn")),
            form.text("reason"),
            rules=state.dialling(),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, LABELS)
        return console_page(request, "release.html", status=400, form=form, checked=False)
    await state.evidence.renew((released.dispute.tn,))
    number = in_full(released.dispute.tn) or ""
    back = call_address(form.text("call")) + "?" if form.text("call") else f"{number_address(number)}&"
    return go_to(f"{back}done=released")


def _asked(form: Form, now: int) -> DecisionRequest:
    text, days = written_number(form.text("tn")), form.text("days")
    is_range = "/" in text or (text.startswith("+") and "-" in text)
    return DecisionRequest(
        action=form.text("action"),
        reason=form.text("reason"),
        tn=None if is_range else text,
        range=text if is_range else None,
        trunk_kind=form.text("trunk_kind") or None,
        expires_at=now + int(days) * _SECONDS_A_DAY if days in dict(TERMS) and days != "0" else None,
    )


async def _find(request: web.Request) -> Decision:
    number = int(request.match_info["decision"])
    found = await list_decisions(
        request.app[STATE].record, now=int(time.time()), after_id=number - 1, limit=1
    )
    if not found or found[0].id != number:
        raise not_found(request.path)
    return found[0]


def _shown(request: web.Request, decision: Decision) -> dict[str, object]:
    return decision_document(decision) if request[IS_OPERATOR] else redacted_decision_document(decision)
