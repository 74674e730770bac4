"""The admin API: what operators and the command line ask of the control process.

The same application serves two doors. Over `control.sock` the file's owner has come in, and is the
operator; over `[listen] control` a bearer token has to say who is asking and what it may do. Here are the
doors: who may come in, and how errors leave. Behind them: `api_node`, `api_record`, `api_evidence`, and for
owners `api_owners`, `api_numbers`, `api_proofs`, `api_disputes`.
"""

from __future__ import annotations

import pwd
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import ClientPayloadError, web

from gateway.control import (
    api_calls,
    api_disputes,
    api_evidence,
    api_figures,
    api_node,
    api_numbers,
    api_openapi,
    api_owners,
    api_proofs,
    api_record,
    api_reports,
)
from gateway.control.asking import ACTOR, IS_OPERATOR, IS_SOCKET, OWNER, STATE
from gateway.control.commands import CommandError, Trouble
from gateway.control.state import ControlState
from gateway.facts.tokens import Scope, hash_token
from gateway.record import RecordError
from gateway.web import problems
from gateway.web.problems import Problem, at, forbidden, unauthenticated
from gateway.web.request_id import request_id

ROOMS: Final = (
    api_node,
    api_calls,
    api_figures,
    api_record,
    api_evidence,
    api_reports,
    api_owners,
    api_numbers,
    api_proofs,
    api_disputes,
    api_openapi,
)
"""Each with its `ROUTES`: everything behind the doors."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY_BYTES: Final = 1024 * 1024
OPEN: Final = frozenset({"/livez", "/readyz"})
"""What needs no credential."""
REPORTS: Final = "/v1/reports"
REPORT_SCOPES: Final = frozenset({Scope.REPORT_WRITE.value})
OWNERS: Final = ("/v1/owners", "/v1/numbers", "/v1/proofs", "/v1/disputes", "/openapi.json")
"""Beneath these, owners' tokens open what is theirs."""
READ_SCOPES: Final = frozenset({Scope.OPERATOR.value, Scope.AUDITOR.value})
WRITE_SCOPES: Final = frozenset({Scope.OPERATOR.value})
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
    application = web.Application(middlewares=[_errors, _admission], client_max_size=MAX_BODY_BYTES)
    application[STATE] = state
    application[IS_SOCKET] = is_socket
    application.on_response_prepare.append(_keep_from_caches)
    for room in ROOMS:
        application.add_routes(room.ROUTES)
    return application


async def _keep_from_caches(request: web.Request, response: web.StreamResponse) -> None:
    """On every answer: nothing of it is for a cache."""
    del request
    response.headers["Cache-Control"] = "no-store"


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors become responses; what a client sends never gets a 5xx, and our failure never a traceback."""
    identifier = request_id(request.headers.get("X-RequestID"))
    try:
        response = await handler(request)
    except Problem as problem:
        return problems.render(problem, request_id=identifier)
    except CommandError as error:
        return problems.render(_from_command(error), request_id=identifier)
    except RecordError as error:
        _log.error("the record cannot be used", request_id=identifier, problem=str(error))
        unusable = Problem(503, "record-unavailable", "The record cannot be used now; the log says why.")
        return problems.render(unusable, request_id=identifier)
    except (ConnectionError, ClientPayloadError, web.RequestPayloadError):
        # Whoever asked has gone, or sends what is no body; nobody may be left to read this.
        broken = Problem(400, "broken-off", "The request's body broke off.")
        return problems.render(broken, request_id=identifier)
    except web.HTTPException as error:
        return problems.render(_from_http(request, error), request_id=identifier)
    except Exception:  # noqa: BLE001 - the one place where our own failure becomes an answer
        _log.exception("request failed", request_id=identifier)
        failed = Problem(500, "internal", "The gateway failed; its log has the details.")
        return problems.render(failed, request_id=identifier)
    if not response.prepared:
        response.headers["X-RequestID"] = identifier
    return response


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


@web.middleware
async def _admission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Know who is asking, before anything is done."""
    if request.app[IS_SOCKET]:
        request[ACTOR] = f"cli:{_peer(request)}"
        request[OWNER] = None
        request[IS_OPERATOR] = True
        return await handler(request)
    if request.path in OPEN:
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token_hash = hash_token(token.strip()) if scheme.lower() == "bearer" else None
    state = request.app[STATE]
    fact = None if token_hash is None else state.token(token_hash, now=int(time.time()))
    if fact is None:
        raise unauthenticated("Send `Authorization: Bearer …` with an operator's or auditor's token.")
    request[ACTOR] = f"token:{fact.name}"
    request[OWNER] = None
    if Scope.OWNER.value in fact.scopes and fact.owner_id is not None and request.path.startswith(OWNERS):
        request[OWNER] = fact.owner_id
        return await handler(request)
    is_reading = request.method in {"GET", "HEAD"}
    allowed = REPORT_SCOPES if request.path == REPORTS else READ_SCOPES if is_reading else WRITE_SCOPES
    if allowed.isdisjoint(fact.scopes):
        raise forbidden(f"It has none of the scopes {', '.join(sorted(allowed))}.")
    request[IS_OPERATOR] = Scope.OPERATOR.value in fact.scopes
    return await handler(request)


def _peer(request: web.Request) -> str:
    """Name the user at the other end of the socket, on the kernel's word (SO_PEERCRED, unix(7))."""
    end = request.get_extra_info("socket")
    if end is None:
        return "unknown"
    credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user = struct.unpack("3i", credentials)[1]
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
