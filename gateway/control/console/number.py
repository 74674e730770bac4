"""One number: what was decided and is known about it, whose it is, and its last calls."""

from __future__ import annotations

import time

from aiohttp import web

from gateway.control.api.asking import IS_OPERATOR, STATE
from gateway.control.api.call_documents import call_document, in_full
from gateway.control.commands import list_decisions
from gateway.control.commands.documents import decision_document
from gateway.control.commands.problems import CommandError
from gateway.control.commands.reputation import explain_number, explanation_document
from gateway.control.console.query import ROWS, CallsQuery, written_number
from gateway.control.console.showing import console_page
from gateway.control.journal.latest_calls import Sought
from gateway.control.pages.forms import Form
from gateway.control.state import ControlState
from gateway.numbers.canonical import TelephoneNumber, to_e164
from gateway.numbers.ranges import NumberRange
from gateway.record.decisions import Decision
from gateway.web.problems import forbidden


async def get_number(request: web.Request) -> web.Response:
    """The page; without a number, the field to write one into."""
    if not request[IS_OPERATOR]:
        raise forbidden("Numbers are for operators; auditors see calls without them.")
    state, text = request.app[STATE], written_number(request.query.get("tn", ""))
    form = Form({"tn": [text]})
    if not text:
        return console_page(request, "number.html", form=form, tn=None)
    try:
        explained = await explain_number(
            state.record,
            text,
            rules=state.dialling(),
            generation=state.reloader.generation,
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, {"tn": "Number"})
        return console_page(request, "number.html", status=400, form=form, tn=None)
    tn = explained.tn
    calls = state.latest.find(Sought(tn=tn), limit=ROWS)
    return console_page(
        request,
        "number.html",
        form=form,
        tn=to_e164(tn),
        reputation=explanation_document(explained),
        decisions=[decision_document(each) for each in await _decisions(state, tn)],
        whose=_whose(state, tn),
        calls=[call_document(record, in_full) for record in calls],
        query=CallsQuery(tn=to_e164(tn)),
    )


async def _decisions(state: ControlState, tn: TelephoneNumber) -> list[Decision]:
    """The standing decisions that cover the number, the narrowest first."""
    found: list[Decision] = []
    after = 0
    while page := await list_decisions(state.record, now=int(time.time()), after_id=after):
        after = page[-1].id
        found += [each for each in page if NumberRange(TelephoneNumber(each.start), each.count).covers(tn)]
    return sorted(found, key=lambda each: each.count)


def _whose(state: ControlState, tn: TelephoneNumber) -> list[str]:
    """What the configuration in force says of the number, in sentences."""
    policy = state.reloader.policy()
    if policy is None:
        return []
    verdict = policy.verdict
    return [
        *(f"A number of {each.name} ({each.sector}), by brands.toml." for each in verdict.brands.find(tn)),
        *(
            f"{each.label}: never calls out, by dno.csv ({each.source})."
            for each in verdict.dno_entries.find(tn)
        ),
    ]
