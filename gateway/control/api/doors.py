"""The two doors of the control process, and how errors leave by them.

Over `control.sock` there are the APIs; over `[listen] control` the pages as well. Who may come in is said by
`admission`. Behind the doors: the files of this room, and the rooms of pages.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import ClientPayloadError, web

from gateway.control import portal
from gateway.control.admission import admission
from gateway.control.api import (
    calls,
    candidate,
    disputes,
    evidence,
    feeds,
    figures,
    generations,
    node,
    nodes,
    numbers,
    openapi,
    owners,
    people,
    proofs,
    record,
    reports,
    traces,
)
from gateway.control.api.asking import IS_SOCKET, STATE
from gateway.control.commands import CommandError, Trouble
from gateway.control.console import pages as console_pages
from gateway.control.pages import assets, headers
from gateway.control.pages.problems import is_for_people, render_problem
from gateway.control.pages.serving import PAGES
from gateway.control.people import pages as people_pages
from gateway.control.state import ControlState
from gateway.record import RecordError
from gateway.web import problems
from gateway.web.problems import Problem, at
from gateway.web.request_id import request_id

ROOMS: Final = (
    node,
    generations,
    candidate,
    nodes,
    calls,
    figures,
    traces,
    record,
    evidence,
    feeds,
    people,
    reports,
    owners,
    numbers,
    proofs,
    disputes,
    openapi,
)
"""Each with its `ROUTES`: everything behind both doors."""
PAGE_ROOMS: Final = (people_pages, portal, console_pages)
"""Each with its `PAGES`: what browsers are shown."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY_BYTES: Final = 1024 * 1024
STATUSES: Final = {Trouble.MISSING: 404, Trouble.CONFLICT: 409, Trouble.GONE: 410, Trouble.TOO_OFTEN: 429}
CODES: Final = {
    Trouble.MISSING: "not-found",
    Trouble.CONFLICT: "conflict",
    Trouble.GONE: "gone",
    Trouble.TOO_OFTEN: "too-often",
}

_log = structlog.get_logger("callmark.control")


def control_application(state: ControlState, *, is_socket: bool) -> web.Application:
    """Build the application of one door."""
    application = web.Application(middlewares=[_errors, admission], client_max_size=MAX_BODY_BYTES)
    application[STATE] = state
    application[IS_SOCKET] = is_socket
    application.on_response_prepare.append(_guard)
    for room in ROOMS:
        application.add_routes(room.ROUTES)
    shown = [] if is_socket else [page for room in PAGE_ROOMS for page in room.PAGES]
    application[PAGES] = {page.handler: page for page in shown}
    application.add_routes([web.route(page.method, page.path, page.handler) for page in shown])
    application.add_routes([] if is_socket else assets.ROUTES)
    return application


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer: what browsers are told, and that nothing of it is for a cache unless it says so."""
    del request
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.update(headers.HEADERS)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors become responses; what a client sends never gets a 5xx, and our failure never a traceback."""
    identifier = request_id(request.headers.get("X-RequestID"))
    try:
        response = await handler(request)
    except Problem as problem:
        return _told(request, problem, identifier)
    except CommandError as error:
        return _told(request, _from_command(error), identifier)
    except RecordError as error:
        _log.error("the record cannot be used", request_id=identifier, problem=str(error))
        unusable = Problem(503, "record-unavailable", "The record cannot be used now; the log says why.")
        return _told(request, unusable, identifier)
    except (ConnectionError, ClientPayloadError, web.RequestPayloadError):
        # Whoever asked has gone, or sends what is no body; nobody may be left to read this.
        broken = Problem(400, "broken-off", "The request's body broke off.")
        return _told(request, broken, identifier)
    except web.HTTPException as error:
        return _told(request, _from_http(request, error), identifier)
    except Exception:  # noqa: BLE001 - the one place where our own failure becomes an answer
        _log.exception("request failed", request_id=identifier)
        failed = Problem(500, "internal", "The gateway failed; its log has the details.")
        return _told(request, failed, identifier)
    if not response.prepared:
        response.headers["X-RequestID"] = identifier
    return response


def _told(request: web.Request, problem: Problem, identifier: str) -> web.StreamResponse:
    """The problem for who asks: a page for people, problem details for programs."""
    if is_for_people(request) and not request.app[IS_SOCKET]:
        return render_problem(request, problem, request_id=identifier)
    return problems.render(problem, request_id=identifier)


def _from_command(error: CommandError) -> Problem:
    if error.trouble is Trouble.INVALID:
        return at(error.pointer, error.problem)
    return Problem(STATUSES[error.trouble], CODES[error.trouble], error.problem)


def _from_http(request: web.Request, error: web.HTTPException) -> Problem:
    """What aiohttp refuses by itself."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return problems.method_not_allowed(", ".join(sorted(error.allowed_methods)))
    if isinstance(error, web.HTTPNotFound):
        return problems.not_found(request.path)
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return Problem(413, "too-large", "The request is too large.", f"At most {MAX_BODY_BYTES} bytes.")
    return Problem(error.status, "refused", error.reason)
