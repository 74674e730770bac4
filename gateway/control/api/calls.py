"""Recent calls by HTTP, and what a candidate configuration would make of them.

Operators see numbers, auditors see them as the log shows them.
"""

from __future__ import annotations

from aiohttp import web

from gateway.control.api.asking import (
    IS_OPERATOR,
    STATE,
    answer,
    parameter_problem,
    problem_document,
    read_whole,
    refuse_number,
)
from gateway.control.api.call_documents import (
    Shown,
    call_document,
    explained_document,
    in_full,
    preview_document,
    redacted,
)
from gateway.control.commands.documents import parse_time
from gateway.control.commands.problems import CommandError
from gateway.control.journal.latest_calls import Sought
from gateway.control.state import ControlState
from gateway.numbers.canonical import NumberError, canonical
from gateway.web import problems

MOST_SHOWN = 1_000


async def calls(request: web.Request) -> web.Response:
    """The last calls that fit, newest first."""
    refuse_number(request)
    state, query = request.app[STATE], request.query
    sought = Sought(
        tn=_number(state, query.get("tn")),
        action=query.get("action"),
        reason=query.get("reason"),
        trunk=query.get("trunk"),
        operation=query.get("operation"),
        verstat=query.get("verstat"),
        attest=query.get("attest"),
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        only_problems=query.get("problems") == "true",
    )
    limit = read_whole(request, "limit", default=50, most=MOST_SHOWN)
    found = state.latest.find(sought, limit=limit)
    shown = _shown(request)
    return answer({"calls": [call_document(record, shown) for record in found], "kept": len(state.latest)})


async def call(request: web.Request) -> web.Response:
    """One call, explained rule by rule; a list, as it may be verified by one resource, signed by another."""
    state = request.app[STATE]
    found = state.latest.named(request.match_info["call_id"])
    if not found:
        raise problems.not_found(request.path)
    generation = state.reloader.generation
    policy = None if generation is None else generation.policy.verdict
    shown = _shown(request)
    return answer({"calls": [explained_document(record, policy, shown) for record in found]})


async def preview(request: web.Request) -> web.Response:
    """What the configuration on the disk would change; 409 with every problem where there is one."""
    state = request.app[STATE]
    candidate = await state.reloader.candidate()
    if isinstance(candidate, list):
        return answer({"problems": [problem_document(each) for each in candidate]}, status=409)
    before = state.reloader.generation
    if before is None:
        raise problems.not_found(request.path)
    found = await state.guard.preview(before, candidate.generation)
    limit_percent = before.policy.reload.most_newly_blocked_percent
    return answer(preview_document(found, limit_percent, _shown(request)))


def _shown(request: web.Request) -> Shown:
    return in_full if request[IS_OPERATOR] else redacted


def _number(state: ControlState, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        # A plus in an address is a space to whoever decodes it.
        return canonical(text.replace(" ", "+", 1) if text.startswith(" ") else text, state.dialling())
    except NumberError as error:
        raise parameter_problem("tn", error.problem) from None


def _moment(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return parse_time(text.replace(" ", "+"), "")
    except CommandError as error:
        raise parameter_problem(name, error.problem) from None


ROUTES = [
    web.get("/admin/v1/calls", calls),
    web.get("/admin/v1/calls/{call_id:.{1,256}}", call),
    web.post("/admin/v1/config/preview", preview),
]
