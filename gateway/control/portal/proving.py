"""Beginning a proof, and the page of one: what to do next, and how it stands, live."""

from __future__ import annotations

import time
from typing import Final

import msgspec
from aiohttp import web

from gateway.control.api.asking import OWNER, STATE
from gateway.control.api.proofs import begin_proof, complete_proof
from gateway.control.api.registry_shapes import Completion, NewProof
from gateway.control.commands.problems import CommandError, Trouble
from gateway.control.pages.forms import Form, read_form
from gateway.control.pages.rendering import go_to, page
from gateway.control.pages.serving import Page, Who
from gateway.control.portal.number import shown_number
from gateway.control.portal.words import KINDS
from gateway.control.registry.proving import ProofWithNumbers, show_proof
from gateway.control.registry.showing import find_numbers
from gateway.generation.numbers_read import written
from gateway.record.proofs import ProofState
from gateway.registry.codes import MOST_TRIES
from gateway.registry.proofs import ProofKind
from gateway.web.problems import Problem

NUMBER: Final = "/portal/numbers/{number:[0-9]{1,9}}"
PROOF: Final = "/portal/proofs/{proof:[0-9]{1,9}}"
LETTER: Final = "/portal/letters/new"
MOST_AT_ONCE: Final = 200
_LABELS: Final = {
    "code": "The code",
    "certificate": "The certificate",
    "signature": "The signature",
    "statement": "The letter",
}


async def post_prove(request: web.Request) -> web.Response:
    """Begin a code, a call or a certificate for one registration."""
    form = await read_form(request)
    shown = await shown_number(request)
    kind = form.text("kind")
    if kind == ProofKind.LETTER:
        return _letter(request, Form({"numbers": [str(shown.registration.id)]}))
    if kind not in set(ProofKind):
        raise Problem(
            400, "invalid-request", "Choose one of the proofs.", "Open the page of the number again."
        )
    try:
        asked = msgspec.convert({"kind": kind, "numbers": [shown.registration.id]}, NewProof)
        begun = await begin_proof(request, asked)
    except CommandError as error:
        status = 429 if error.trouble is Trouble.TOO_OFTEN else 400
        words = error.problem[:1].upper() + error.problem[1:]
        raise Problem(status, "refused", "This proof cannot be begun now.", f"{words}.") from error
    return go_to(f"/portal/proofs/{begun.proof.id}")


async def post_letters(request: web.Request) -> web.Response:
    """One letter for several registrations: ask what it says, then put it before the operators."""
    form = await read_form(request)
    numbers = [text for text in form.all("numbers") if text.isascii() and text.isdigit() and len(text) <= 9]
    if not 1 <= len(numbers) <= MOST_AT_ONCE:
        raise Problem(
            400, "invalid-request", "Choose the numbers first.", "Tick those that the letter is about."
        )
    if "statement" not in form.values:
        return _letter(request, form)
    try:
        asked = NewProof("letter", [int(text) for text in numbers], form.text("statement")[:4_000])
        begun = await begin_proof(request, asked)
    except CommandError as error:
        form.take(error, _LABELS)
        return _letter(request, form, status=400)
    if len(begun.registration_ids) == 1:
        return go_to(f"/portal/numbers/{begun.registration_ids[0]}?done=letter")
    return go_to("/portal?done=letter")


async def get_proof(request: web.Request) -> web.Response:
    """One proof."""
    return await _shown(request, Form())


async def post_proof(request: web.Request) -> web.Response:
    """Complete a code or a certificate."""
    form = await read_form(request)
    proof = int(request.match_info["proof"])
    if "code" in form.values:
        asked = Completion(code=form.text("code"))
    else:
        asked = Completion(certificate=form.text("certificate"), signature=form.text("signature"))
    try:
        given = await complete_proof(request, proof, asked)
    except CommandError as error:
        form.take(error, _LABELS)
        return await _shown(request, form, status=400)
    return go_to(f"/portal/numbers/{given.registration_ids[0]}?done=proven")


async def _shown(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    record, now = request.app[STATE].record, int(time.time())
    found: ProofWithNumbers = await show_proof(
        record, int(request.match_info["proof"]), owner_id=request[OWNER]
    )
    proof = found.proof
    numbers = await find_numbers(record, found.registration_ids, owner_id=request[OWNER])
    standing = "pending" if proof.is_pending(now) else proof.state.value
    if proof.state is ProofState.PENDING and standing != "pending":
        standing = "late"
    return page(
        request,
        "portal/proof.html",
        status=status,
        form=form,
        proof=proof,
        standing=standing,
        numbers=numbers,
        words=KINDS[proof.kind],
        left=MOST_TRIES - proof.tries,
        written=written,
    )


def _letter(request: web.Request, form: Form, *, status: int = 200) -> web.Response:
    return page(request, "portal/letter.html", status=status, form=form, count=len(form.all("numbers")))


PAGES = (
    Page("POST", NUMBER + "/prove", post_prove, Who.OWNER),
    Page("POST", LETTER, post_letters, Who.OWNER),
    Page("GET", PROOF, get_proof, Who.OWNER),
    Page("POST", PROOF, post_proof, Who.OWNER),
)
