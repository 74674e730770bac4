"""What the admin API's handlers share: who asks, of what, and how bodies and parameters are read."""

from __future__ import annotations

from typing import Final

import msgspec
from aiohttp import web

from gateway.control.state import ControlState
from gateway.passport.strict import StrictJsonError, read_json
from gateway.web import problems
from gateway.web.problems import Problem, at

ACTOR: Final = web.RequestKey("actor", str)
"""Who asks, for the audit: `cli:alice`, `token:console`."""
STATE: Final = web.AppKey("state", ControlState)
IS_SOCKET: Final = web.AppKey("is_socket", bool)
"""Whether this door is `control.sock`."""


async def read_document(request: web.Request) -> object:
    """The body as strict JSON. Raises Problem with the place of what is wrong."""
    try:
        return read_json(await request.read())
    except StrictJsonError as error:
        raise at(error.pointer or "", error.problem) from None


def answer(document: object, *, status: int = 200, location: str | None = None) -> web.Response:
    """Render an answer; `location` is where what was made or begun can be asked for."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(document, enc_hook=str),
        content_type=problems.JSON,
        headers={} if location is None else {"Location": location},
    )


def read_whole(request: web.Request, name: str, *, default: int, most: int) -> int:
    """A query parameter that counts something. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most):
        raise parameter_problem(name, f"must be a whole number of at most {most}")
    return int(text)


def parameter_problem(name: str, problem: str) -> Problem:
    """A part of the address that cannot be used."""
    return Problem(
        400,
        "invalid-request",
        "The request has a value that cannot be used.",
        f"{name}: {problem}",
        errors=({"parameter": name, "problem": problem},),
    )
