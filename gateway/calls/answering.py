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
from gateway.calls.dialects import atis, dialplan, ms, own
from gateway.calls.dialects.dialect import Dialect
from gateway.calls.dialects.problem import RequestProblem
from gateway.reasons import (
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    MISSING_LENGTH,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    UNPARSABLE_BODY,
    UNSUPPORTED_BODY_TYPE,
)
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
    """What a resource answers; `body` is rendered as JSON, unless a `text_type` says it is text."""

    body: object
    status: int = 200
    headers: dict[str, str] | None = None
    text_type: str | None = None
    """The media type of a body that is a `str`."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One address of the call plane: its methods, its handler, and the dialect it speaks."""

    handle: Callable[[web.BaseRequest, bytes, str], Awaitable[Answer]]
    """Called with the request, its body and the request id; may raise RequestProblem or Problem."""
    dialect: Dialect
    methods: tuple[str, ...] = ("POST",)
    bare: Resource | None = None
    """Who answers here instead, in its own dialect, when the body is 3GPP's, which has no wrapper."""


async def answer(request: web.BaseRequest, resources: Mapping[str, Resource]) -> web.StreamResponse:
    """Answer one request from the table of paths."""
    identifier = request_id(request.headers.get("X-RequestID"))
    # As it was sent: with escapes decoded, `/stir%2Fv1/signing` would pass whoever filters by path before us.
    path = request.rel_url.raw_path
    resource = resources.get(path)
    # An unknown address gets the errors its neighbours speak.
    dialect = dialect_of(path) if resource is None else resource.dialect
    try:
        if resource is None:
            raise RequestProblem(NOT_FOUND)
        if request.method not in resource.methods:
            raise RequestProblem(METHOD_NOT_ALLOWED, allowed=", ".join(resource.methods))
        body = b""
        if request.method == "POST":
            _check_headers(request, dialect)
            at_hand = request.content.is_eof()
            body = request.content.read_nowait() if at_hand else await _read_body(request)
        if resource.bare is not None and ms.is_bare(body):
            resource = resource.bare
            dialect = resource.dialect
        result = await resource.handle(request, body, identifier)
    except (RequestProblem, Problem) as problem:
        return _refuse(request, problem, dialect=dialect, identifier=identifier)
    except Exception:  # noqa: BLE001 - the one place where our own failure becomes an answer
        _log.exception("request failed", request_id=identifier)
        return _refuse(request, RequestProblem(INTERNAL_ERROR), dialect=dialect, identifier=identifier)
    headers = {"X-RequestID": identifier}
    if result.headers:
        headers.update(result.headers)
    if result.text_type is not None:
        headers["Content-Type"] = f"{result.text_type}; charset=utf-8"
        return web.Response(body=str(result.body).encode(), status=result.status, headers=headers)
    return JsonAnswer(_ENCODER.encode(result.body), status=result.status, headers=headers)


def _check_headers(request: web.BaseRequest, dialect: Dialect) -> None:
    """Raise RequestProblem or Problem where headers or length forbid a body (ATIS-1000082 header rules)."""
    headers = request.headers
    if dialect.takes:
        media = headers.get("Content-Type", "")
        if media != dialect.takes and media.split(";", 1)[0].strip().lower() != dialect.takes:
            raise RequestProblem(UNSUPPORTED_BODY_TYPE, (dialect.takes,))
    if "Content-Encoding" in headers and headers["Content-Encoding"].lower() != "identity":
        raise RequestProblem(UNSUPPORTED_BODY_TYPE, (f"{dialect.takes} without Content-Encoding".strip(),))
    accept = headers.get("Accept")
    if (
        accept is not None
        and dialect.gives
        and accept not in dialect.gives
        and not _accepted(accept, dialect.gives)
    ):
        # Bytes of a header that are no text cannot be repeated in JSON.
        readable = accept[:100].encode("ascii", "backslashreplace").decode("ascii")
        raise RequestProblem(NOT_ACCEPTABLE, (readable,))
    length = request.content_length
    if length is None:
        raise RequestProblem(MISSING_LENGTH)
    if length > MAX_BODY_BYTES:
        raise Problem(413, "too-large", "The request is too large.", f"At most {MAX_BODY_BYTES} bytes.")


async def _read_body(request: web.BaseRequest) -> bytes:
    """The body, of which a part is still on its way. Raises RequestProblem."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        # RFC 9110 section 10.1.1; some versions of libcurl ask with any body beyond 1 kB, and wait a second.
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        why = f"the body did not arrive within {BODY_SECONDS:g} s"
        raise RequestProblem(UNPARSABLE_BODY, (why,)) from None


def _accepted(accept: str, gives: frozenset[str]) -> bool:
    """Whether one of the media ranges covers what is given; parameters do not matter here."""
    ranges = {part.split(";", 1)[0].strip().lower() for part in accept.split(",")}
    return not ranges.isdisjoint(gives)


def _refuse(
    request: web.BaseRequest, problem: RequestProblem | Problem, *, dialect: Dialect, identifier: str
) -> web.Response:
    """Count and log what a client is refused, and answer it in the dialect of the address.

    The one place where the call plane's errors become responses.
    """
    error = dialect.render_error(problem)
    response = web.Response(
        status=error.status,
        body=error.body,
        headers={**error.headers, "X-RequestID": identifier, "Content-Type": error.media_type},
    )
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


def dialect_of(path: str) -> Dialect:
    """The dialect spoken around an address that does not exist."""
    if "/3gpp/" in path:
        return ms.MS
    if "/dialplan/" in path:
        return dialplan.DIALPLAN
    return atis.ATIS if "/stir/" in path else own.OWN
