"""Errors become responses here and only here, for the gateway's own API (RFC 9457 problem details).

The ATIS resources have an error body of their own (`calls/dialects/atis.py`); which of the two a path
gets is the path's business, the statuses are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiohttp import web

TYPE: Final = "urn:callmark:problem:"
"""A name, not an address (RFC 9457 section 3.1.1 allows both): what the codes mean stands in docs/api.md."""
JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"


@dataclass(eq=False)
class Problem(Exception):
    """What to tell a client whose request cannot be carried out (never: what went wrong inside)."""

    status: int
    code: str
    """A word that does not change: the last part of the problem's `type`."""
    title: str
    detail: str = ""
    errors: Sequence[Mapping[str, str | int]] = ()
    """Each with `pointer` (RFC 6901, into the body; with `line`, into that line's value) or `parameter`,
    and `problem`."""
    headers: Mapping[str, str] = field(default_factory=dict)


def printable(text: str) -> str:
    """Escape a stranger's text that could end a line of a log or steer a terminal."""
    return text if text.isprintable() else ascii(text)[1:-1]


def at(pointer: str, problem: str) -> Problem:
    """A body that was read but has an unusable value at `pointer` (RFC 6901)."""
    return Problem(
        400,
        "invalid-request",
        "The request has a value that cannot be used.",
        f"{printable(pointer) or 'The body'}: {problem}",
        errors=({"pointer": pointer, "problem": problem},),
    )


def problem_body(problem: Problem) -> dict[str, object]:
    """The members of RFC 9457 section 3.1."""
    body: dict[str, object] = {
        "type": TYPE + problem.code,
        "title": problem.title,
        "status": problem.status,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [dict(error) for error in problem.errors]
    return body


def render(problem: Problem, *, request_id: str) -> web.Response:
    """The problem as `application/problem+json`."""
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(problem_body(problem)),
        content_type=PROBLEM_JSON,
        headers={**problem.headers, "X-RequestID": request_id},
    )


def unauthenticated(detail: str) -> Problem:
    """401 with the challenge RFC 6750 section 3 asks for."""
    return Problem(
        401,
        "unauthenticated",
        "This needs a credential.",
        detail,
        headers={"WWW-Authenticate": 'Bearer realm="callmark"'},
    )


def forbidden(detail: str) -> Problem:
    """403: known, and not allowed this."""
    return Problem(403, "forbidden", "This credential does not allow that.", detail)


def not_found(path: str) -> Problem:
    """404 for a path that leads nowhere."""
    return Problem(404, "not-found", "There is nothing at this address.", f"No resource {path[:200]!r}.")


def method_not_allowed(allowed: str) -> Problem:
    """405 with `Allow` (RFC 9110 section 15.5.6)."""
    return Problem(405, "method-not-allowed", "This resource has no such method.", headers={"Allow": allowed})
