"""The report card of a registration: what is said of its numbers, the early signs, and asking for a review.

An owner sees what was said and when, never by whom (threat R5); and that only of numbers that it
has proven, as anybody can claim any.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, OWNER, STATE
from gateway.control.commands.disputes import list_disputes_about, open_dispute
from gateway.control.commands.problems import CommandError
from gateway.control.commands.reputation import Explanation, explain_number
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.number import PATH, number_of, shown_number
from gateway.control.registry.claim_check import check_numbers
from gateway.control.registry.showing import find_reported
from gateway.control.state import ControlState
from gateway.generation.numbers_read import written
from gateway.numbers.canonical import to_e164
from gateway.numbers.ranges import NumberRange
from gateway.registry.states import IN_FORCE
from gateway.verdicts.policy import Effect

MOST_NUMBERS: Final = 10
"""Of a range, those that most is said of."""
_MOST_DISPUTES: Final = 200
_LABELS: Final = {"statement": "What you say", "tn": "The number"}
DONE: Final = {"review": "Your request is with the operators. You are told here when it is answered."}


@dataclass(frozen=True, slots=True)
class Grade:
    """A number's state in three words, with what they mean."""

    tag: str
    colour: str
    means: str


NOTHING = Grade("Not reported", "good", "Nobody has complained of it lately.")
EARLY = Grade("Early signs", "warn", "There are complaints, not enough for calls to be shown with a warning.")
AROUND = Grade("Neighbours reported", "warn", "It is not complained of itself, but numbers beside it are.")
LABELLED = Grade(
    "Shown as suspect", "bad", "Calls with it are shown with a warning, unless they are signed with A."
)
BLOCKED = Grade("Stopped", "bad", "So many complaints are at hand that calls with it may be stopped.")


def grade(explained: Explanation) -> Grade:
    """What an explanation comes to, by the policy in force."""
    policy = explained.policy
    effect = Effect.NONE if policy is None else policy.reputation.effect_of(explained.score)
    if effect in (Effect.BLOCK, Effect.CHALLENGE):
        return BLOCKED
    if effect is Effect.LABEL:
        return LABELLED
    if explained.score > 0:
        return EARLY
    around = Effect.NONE if policy is None else policy.neighbours.effect_of(explained.neighbours)
    return NOTHING if around is Effect.NONE else AROUND


async def get_report(request: web.Request) -> web.Response:
    """The report card."""
    return await _shown(request, Form())


async def post_review(request: web.Request) -> web.Response:
    """Ask for a review of one number."""
    form = await read_form(request)
    await shown_number(request)
    state = request.app[STATE]
    try:
        await open_dispute(
            state.record,
            to_e164(check_numbers(form.text("tn"), "/tn").start),
            form.text("statement"),
            owner_id=request[OWNER],
            rules=state.dialling(),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, _LABELS)
        return await _shown(request, form, status=400)
    return go_to(f"/portal/numbers/{number_of(request)}/report?done=review")


async def _shown(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    state, now = request.app[STATE], int(time.time())
    registration = (await shown_number(request)).registration
    is_proven = registration.state in IN_FORCE
    disputes = (
        await list_disputes_about(
            state.record, registration.numbers, owner_id=registration.owner_id, limit=_MOST_DISPUTES
        )
        if is_proven
        else ()
    )
    return page(
        request,
        "portal/report.html",
        status=status,
        form=form,
        registration=registration,
        written=written,
        e164=to_e164,
        cards=await _cards(state, registration.numbers, now) if is_proven else (),
        disputes=disputes,
        is_proven=is_proven,
        done=DONE.get(request.query.get("done", "")),
    )


async def _cards(state: ControlState, numbers: NumberRange, now: int) -> list[tuple[Explanation, Grade]]:
    reported = await find_reported(state.record, numbers, now=now, limit=MOST_NUMBERS)
    explained = [
        await explain_number(
            state.record,
            to_e164(tn),
            rules=state.dialling(),
            generation=state.reloader.generation,
            now=now,
        )
        for tn in reported or (numbers.start,)
    ]
    return [(each, grade(each)) for each in explained]


PAGES = (
    Page("GET", PATH + "/report", get_report, Who.OWNER),
    Page("POST", PATH + "/report", post_review, Who.OWNER),
)
