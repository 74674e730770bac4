"""The journey of a claim: which numbers, what they do, by which ways, under which name; then check and send.

The pages carry the answers along in the form itself, so that nothing is kept of a claim that was not sent,
the way back works, and a refused answer costs none of the others.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE, trunks_of
from gateway.control.commands.problems import CommandError
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.home import owner_of
from gateway.control.registry.claim_check import Claim, check_claim, check_numbers
from gateway.control.registry.claims import claim_numbers
from gateway.generation.numbers_read import written
from gateway.registry.registration import Brand, Use

PATH: Final = "/portal/numbers/new"
FIELDS: Final = {
    "numbers": ("numbers",),
    "use": ("use",),
    "ways": ("trunks", "providers"),
    "brand": ("brand_name", "brand_call_reason", "brand_logo_url", "brand_logo_digest"),
}
"""The fields of each question."""
LABELS: Final = {
    "numbers": "The number or range",
    "use": "What the numbers do",
    "trunks": "The trunks",
    "providers": "The other providers",
    "brand_name": "The name",
    "brand_call_reason": "The reason",
    "brand_logo_url": "The address of the picture",
    "brand_logo_digest": "The digest of the picture",
}
"""What the fields are called where an answer is refused."""
_CHECK: Final = "check"


async def get_new(request: web.Request) -> web.Response:
    """The first question."""
    return _ask(request, Form(), "numbers")


async def post_new(request: web.Request) -> web.Response:
    """Take the answers of a page; show the next question, the one asked for, or send the claim."""
    form = await read_form(request)
    at, to = form.text("at"), form.text("to")
    questions = _questions(form)
    if to in questions:
        return _ask(request, form, to)
    for question in questions[: questions.index(at) + 1] if at in questions else questions:
        _examine(form, question, trunks_of(request), owner_of(request))
        if not form.is_good:
            return _ask(request, form, question, status=400)
    if at not in questions:
        return await _send(request, form)
    is_checked = form.text("checked") != ""
    following = questions.index(at) + 1
    if is_checked:
        # Back to where "Change" was pressed, unless the change opens a question that was not asked yet.
        following = next(
            (place for place, each in enumerate(questions) if place > 0 and not _is_answered(form, each)),
            len(questions),
        )
    return _ask(request, form, questions[following] if following < len(questions) else _CHECK)


def _questions(form: Form) -> Sequence[str]:
    """The questions there are for these answers: a number that never calls has no ways and no name."""
    if form.text("use") == Use.NEVER_CALLS_OUT:
        return ("numbers", "use")
    return tuple(FIELDS)


def _is_answered(form: Form, question: str) -> bool:
    return question == "brand" or any(form.text(name) for name in FIELDS[question])


def _examine(form: Form, question: str, trunks: Collection[str], owner_id: int) -> None:
    """Put what is wrong with the answers of one question into the form."""
    try:
        if question == "numbers":
            check_numbers(form.text("numbers"), "/numbers")
        elif question == "use":
            if form.text("use") not in set(Use):
                form.refuse("use", "Choose what the numbers do.")
        else:
            check_claim(claim_of(form, with_brand=question == "brand"), "", owner_id=owner_id, trunks=trunks)
    except CommandError as error:
        form.take(error, LABELS)


def claim_of(form: Form, *, with_brand: bool = True) -> Claim:
    """What the answers say; those to `numbers` and `use` are in order."""
    use = Use(form.text("use"))
    if use is Use.NEVER_CALLS_OUT:
        return Claim(form.text("numbers"), use)
    brand = None
    if with_brand and any(form.text(name) for name in FIELDS["brand"]):
        brand = Brand(
            form.text("brand_name"),
            logo_url=form.text("brand_logo_url") or None,
            logo_digest=form.text("brand_logo_digest") or None,
            call_reason=form.text("brand_call_reason") or None,
        )
    return Claim(
        form.text("numbers"),
        use,
        trunks=tuple(form.all("trunks")),
        providers=tuple(form.text("providers").replace(",", " ").split()),
        brand=brand,
    )


async def _send(request: web.Request, form: Form) -> web.Response:
    state = request.app[STATE]
    try:
        (made,) = await claim_numbers(
            state.record,
            [claim_of(form)],
            owner_id=owner_of(request),
            trunks=trunks_of(request),
            actor=request[ACTOR],
            now=int(time.time()),
        )
    except CommandError as error:
        form.take(error, LABELS)
        wrong = next(iter(form.problems))
        question = next((each for each, names in FIELDS.items() if wrong in names), "numbers")
        return _ask(request, form, question, status=400)
    return go_to(f"/portal/numbers/{made.id}?done=claimed")


def _ask(request: web.Request, form: Form, question: str, *, status: int = 200) -> web.Response:
    questions = _questions(form)
    canonical = ""
    if question == _CHECK:
        canonical = written(check_numbers(form.text("numbers"), "/numbers"))
    return page(
        request,
        "portal/claim.html",
        status=status,
        form=form,
        question=question,
        questions=questions,
        fields=FIELDS,
        canonical=canonical,
        trunk_choices=[(name, name, "") for name in sorted(trunks_of(request))],
    )


PAGES = (
    Page("GET", PATH, get_new, Who.OWNER),
    Page("POST", PATH, post_new, Who.OWNER),
)
