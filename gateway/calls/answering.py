"""HTTP for the call plane: from a connection's request to a resource, and errors into the right body.

One table of paths, made anew with each generation, instead of a framework's router: trunks choose their
own prefixes at a reload, and a path costs a dictionary look-up. Nothing a client sends gets a 5xx; what
does get one is our own failure, and it is logged with its traceback, never answered with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from aiohttp import web

from gateway import telemetry
from gateway.calls.dialects import atis
from gateway.calls.dialects.problem import RequestProblem
from gateway.reasons import (
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    MISSING_LENGTH,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    POLICY_ERROR,
    UNPARSABLE_BODY,
    UNSUPPORTED_BODY_TYPE,
)
from gateway.web import problems
from gateway.web.json_answer import JsonAnswer
from gateway.web.problems import Problem
from gateway.web.request_id import request_id

MAX_BODY_BYTES: Final = 256 * 1024
"""Room for many Identity headers of the largest size seen; one real request is under 2 kB."""
BODY_SECONDS: Final = 5.0
"""A switch sends its body at once; one that drips it byte by byte is let go."""

_ENCODER: Final = msgspec.json.Encoder()
_log = structlog.get_logger("callmark.calls")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a resource answers; `body` is rendered as JSON."""

    body: object
    status: int = 200
    headers: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One address of the call plane: its methods, its handler, and whose error body it speaks."""

    handle: Callable[[web.BaseRequest, bytes, str], Awaitable[Answer]]
    """Called with the request, its body and the request id; may raise RequestProblem or Problem."""
    is_atis: bool
    methods: tuple[str, ...] = ("POST",)
    media: str = problems.JSON
    """What a body has to be."""


async def answer(request: web.BaseRequest, resources: Mapping[str, Resource]) -> web.Response:
    """Answer one request from the table of paths."""
    identifier = request_id(request.headers.get("X-RequestID"))
    # As it was sent: with escapes decoded, `/stir%2Fv1/signing` would pass whoever filters by path before us.
    path = request.rel_url.raw_path
    resource = resources.get(path)
    # An unknown address gets the body its neighbours speak.
    is_atis = "/stir/" in path if resource is None else resource.is_atis
    try:
        if resource is None:
            raise RequestProblem(NOT_FOUND)
        if request.method not in resource.methods:
            raise RequestProblem(METHOD_NOT_ALLOWED, allowed=", ".join(resource.methods))
        body = await _read_body(request, resource.media) if request.method == "POST" else b""
        result = await resource.handle(request, body, identifier)
    except (RequestProblem, Problem) as problem:
        return _refuse(request, problem, is_atis=is_atis, identifier=identifier)
    except Exception:  # noqa: BLE001 - the one place where our own failure becomes an answer
        _log.exception("request failed", request_id=identifier)
        return _refuse(request, RequestProblem(INTERNAL_ERROR), is_atis=is_atis, identifier=identifier)
    headers = {"X-RequestID": identifier}
    if result.headers:
        headers.update(result.headers)
    return JsonAnswer(_ENCODER.encode(result.body), status=result.status, headers=headers)


async def _read_body(request: web.BaseRequest, wanted: str) -> bytes:
    """The body, once headers and length allow it (ATIS-1000082 header rules)."""
    headers = request.headers
    media = headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
    if media != wanted:
        raise RequestProblem(UNSUPPORTED_BODY_TYPE, (wanted,))
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestProblem(UNSUPPORTED_BODY_TYPE, (f"{wanted} without Content-Encoding",))
    accept = headers.get("Accept")
    if accept is not None and not _accepts_json(accept):
        # Bytes of a header that are no text cannot be repeated in JSON.
        readable = accept[:100].encode("ascii", "backslashreplace").decode("ascii")
        raise RequestProblem(NOT_ACCEPTABLE, (readable,))
    length = request.content_length
    if length is None:
        raise RequestProblem(MISSING_LENGTH)
    if length > MAX_BODY_BYTES:
        raise Problem(413, "too-large", "The request is too large.", f"At most {MAX_BODY_BYTES} bytes.")
    if request.content.is_eof():
        return request.content.read_nowait()
    if headers.get("Expect", "").lower() == "100-continue":
        # RFC 9110 section 10.1.1; some versions of libcurl ask with any body beyond 1 kB, and wait a second.
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        why = f"the body did not arrive within {BODY_SECONDS:g} s"
        raise RequestProblem(UNPARSABLE_BODY, (why,)) from None


def _accepts_json(accept: str) -> bool:
    """Whether one of the media ranges is JSON or everything; parameters do not matter here."""
    ranges = {part.split(";", 1)[0].strip().lower() for part in accept.split(",")}
    return not ranges.isdisjoint({"application/json", "application/*", "*/*"})


def _refuse(
    request: web.BaseRequest, problem: RequestProblem | Problem, *, is_atis: bool, identifier: str
) -> web.Response:
    """Count and log what a client is refused, and answer it."""
    response = _render(problem, is_atis=is_atis, identifier=identifier)
    if not request.content.is_eof():
        # The rest of the body must not be taken for the next request.
        response.force_close()
    telemetry.REQUEST_ERRORS.labels(str(response.status)).inc()
    _log.info(
        "request refused",
        request_id=identifier,
        status=response.status,
        problem=problem.code if isinstance(problem, Problem) else problem.exception.message_id,
    )
    return response


def _render(problem: RequestProblem | Problem, *, is_atis: bool, identifier: str) -> web.Response:
    """The one place where the call plane's errors become responses, in the form the address speaks."""
    if not is_atis:
        return problems.render(_as_problem(problem), request_id=identifier)
    if isinstance(problem, Problem):
        inner = RequestProblem(POLICY_ERROR, (problem.code,))
        status, headers = problem.status, dict(problem.headers)
    else:
        inner, status, headers = problem, problem.exception.status, _allow(problem)
    return web.Response(
        status=status,
        body=msgspec.json.encode(atis.render_problem(inner)),
        headers={**headers, "X-RequestID": identifier, "Content-Type": problems.JSON},
    )


def _as_problem(problem: RequestProblem | Problem) -> Problem:
    if isinstance(problem, Problem):
        return problem
    exception = problem.exception
    if exception is POLICY_ERROR:
        (code,) = problem.variables
        return Problem(exception.status, code, "The request is understood, and policy refuses it.")
    text = exception.text
    for place, value in enumerate(problem.variables, start=1):
        text = text.replace(f"%{place}", value)
    return Problem(
        exception.status,
        exception.message_id.lower(),
        text.removeprefix("Error: "),
        headers=_allow(problem),
    )


def _allow(problem: RequestProblem) -> dict[str, str]:
    return {"Allow": problem.allowed} if problem.allowed else {}
