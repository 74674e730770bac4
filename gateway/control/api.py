"""The admin API: what operators and the command line ask of the control process.

The same application serves two doors. Over `control.sock` the file's owner has come in, and is the
operator; over `[listen] control` a bearer token has to say who is asking and what it may do.
"""

from __future__ import annotations

import pwd
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from aiohttp import web

from gateway import telemetry
from gateway.control.commands import (
    CommandError,
    Trouble,
    add_decision,
    create_token,
    list_decisions,
    list_tokens,
    remove_decision,
    revoke_token,
    verify_audit,
)
from gateway.control.commands.documents import (
    audit_document,
    created_token_document,
    decision_document,
    parse_decision_request,
    parse_token_request,
    token_document,
)
from gateway.control.state import ControlState
from gateway.facts.tokens import Scope, hash_token
from gateway.passport.strict import StrictJsonError, read_json
from gateway.web import problems
from gateway.web.problems import Problem, at, forbidden, unauthenticated
from gateway.web.request_id import request_id

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ACTOR: Final = web.RequestKey("actor", str)
STATE: Final = web.AppKey("state", ControlState)
IS_SOCKET: Final = web.AppKey("is_socket", bool)
OPEN: Final = frozenset({"/livez", "/readyz", "/openapi.json"})
"""What needs no credential."""
READ_SCOPES: Final = frozenset({Scope.OPERATOR.value, Scope.AUDITOR.value})
WRITE_SCOPES: Final = frozenset({Scope.OPERATOR.value})
STATUSES: Final = {Trouble.MISSING: 404, Trouble.CONFLICT: 409}

_log = structlog.get_logger("callmark.control")


def control_application(state: ControlState, *, is_socket: bool) -> web.Application:
    """Build the application of one door."""
    application = web.Application(middlewares=[_errors, _admission], client_max_size=1024 * 1024)
    application[STATE] = state
    application[IS_SOCKET] = is_socket
    application.add_routes(
        [
            web.get("/livez", livez),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
            web.post("/admin/v1/reload", reload),
            web.get("/admin/v1/generation", generation),
            web.get("/admin/v1/tokens", tokens),
            web.post("/admin/v1/tokens", make_token),
            web.delete("/admin/v1/tokens/{token}", end_token),
            web.get("/admin/v1/decisions", decisions),
            web.post("/admin/v1/decisions", make_decision),
            web.delete("/admin/v1/decisions/{decision:[0-9]{1,18}}", end_decision),
            web.get("/admin/v1/audit/verification", audit),
        ]
    )
    return application


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
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return problems.render(problems.method_not_allowed(allowed), request_id=identifier)
    except web.HTTPNotFound:
        return problems.render(problems.not_found(request.path), request_id=identifier)
    except web.HTTPException as error:
        return problems.render(Problem(error.status, "refused", error.reason), request_id=identifier)
    except Exception:  # noqa: BLE001 - the one place where our own failure becomes an answer
        _log.exception("request failed", request_id=identifier)
        failed = Problem(500, "internal", "The gateway failed; its log has the details.")
        return problems.render(failed, request_id=identifier)
    response.headers["X-RequestID"] = identifier
    return response


@web.middleware
async def _admission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Know who is asking, before anything is done."""
    if request.app[IS_SOCKET]:
        request[ACTOR] = f"cli:{_peer(request)}"
        return await handler(request)
    if request.path in OPEN:
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token_hash = hash_token(token.strip()) if scheme.lower() == "bearer" else None
    state = request.app[STATE]
    fact = None if token_hash is None else state.token(token_hash, now=int(time.time()))
    if fact is None:
        raise unauthenticated("Send `Authorization: Bearer …` with an operator's or auditor's token.")
    allowed = READ_SCOPES if request.method in {"GET", "HEAD"} else WRITE_SCOPES
    if allowed.isdisjoint(fact.scopes):
        raise forbidden(f"It has none of the scopes {', '.join(sorted(allowed))}.")
    request[ACTOR] = f"token:{fact.name}"
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


def _from_command(error: CommandError) -> Problem:
    if error.trouble is Trouble.INVALID:
        return at(error.pointer, error.problem)
    return Problem(STATUSES[error.trouble], error.trouble.name.lower(), error.problem)


async def _document(request: web.Request) -> object:
    body = await request.read()
    try:
        return read_json(body)
    except StrictJsonError as error:
        raise at(error.pointer or "", error.problem) from None


def _json(document: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(document, enc_hook=str), content_type=problems.JSON
    )


def _whole(request: web.Request, name: str, *, default: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most):
        problem = f"must be a whole number of at most {most}"
        raise Problem(
            400,
            "invalid-request",
            "The request has a value that cannot be used.",
            f"{name}: {problem}",
            errors=({"parameter": name, "problem": problem},),
        )
    return int(text)


async def livez(request: web.Request) -> web.Response:
    """Alive: the loop answers."""
    del request
    return _json({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """Ready when calls are answered by all of their evidence; the reasons when not."""
    reasons = request.app[STATE].not_ready()
    return _json({"status": "ready" if not reasons else "degraded", "reasons": reasons})


async def metrics(request: web.Request) -> web.Response:
    """Every process's counters, for Prometheus."""
    del request
    body, content_type = telemetry.render_metrics()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def reload(request: web.Request) -> web.Response:
    """Read the configuration again; 409 with every problem when it is not taken."""
    state = request.app[STATE]
    result = await state.reload(actor=request[ACTOR])
    document = {
        "taken": result.taken,
        "unchanged": result.unchanged,
        "generation": result.number,
        "digest": result.digest,
        "milliseconds": result.milliseconds,
        "workers": list(result.workers),
        "needs_restart": list(result.needs_restart),
        "problems": [
            {
                "file": each.file,
                "line": each.line,
                "key": each.key,
                "problem": each.message,
                "hint": each.hint,
            }
            for each in result.problems
        ],
    }
    return _json(document, status=200 if result.taken else 409)


async def generation(request: web.Request) -> web.Response:
    """Which generation is in force, and how the workers stand."""
    return _json(request.app[STATE].generation_document())


async def tokens(request: web.Request) -> web.Response:
    """Live tokens, without their secrets."""
    listed = await list_tokens(
        request.app[STATE].record, include_revoked=request.query.get("revoked") == "true"
    )
    return _json({"tokens": [token_document(token) for token in listed]})


async def make_token(request: web.Request) -> web.Response:
    """Make a token; the answer is the only place where it is ever shown."""
    state, asked = request.app[STATE], parse_token_request(await _document(request))
    created = await create_token(state.record, asked, actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return _json(created_token_document(created), status=201)


async def end_token(request: web.Request) -> web.Response:
    """Revoke a token by id or name."""
    state, name = request.app[STATE], request.match_info["token"]
    ended = await revoke_token(
        state.record, int(name) if name.isdecimal() else name, actor=request[ACTOR], now=int(time.time())
    )
    await state.follow()
    return _json(token_document(ended))


async def decisions(request: web.Request) -> web.Response:
    """Standing decisions."""
    listed = await list_decisions(
        request.app[STATE].record,
        now=int(time.time()),
        include_past=request.query.get("past") == "true",
        after_id=_whole(request, "after", default=0, most=2**53),
        limit=_whole(request, "limit", default=1_000, most=1_000),
    )
    return _json({"decisions": [decision_document(each) for each in listed]})


async def make_decision(request: web.Request) -> web.Response:
    """Decide about a number or a range; calls see it within a second."""
    state, asked = request.app[STATE], parse_decision_request(await _document(request))
    made = await add_decision(
        state.record, asked, actor=request[ACTOR], now=int(time.time()), rules=state.dialling()
    )
    await state.follow()
    return _json(decision_document(made), status=201)


async def end_decision(request: web.Request) -> web.Response:
    """End a decision."""
    state, decision_id = request.app[STATE], int(request.match_info["decision"])
    ended = await remove_decision(state.record, decision_id, actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return _json(decision_document(ended))


async def audit(request: web.Request) -> web.Response:
    """Whether the audit chain is whole."""
    return _json(audit_document(await verify_audit(request.app[STATE].record)))
