"""What the admin API's handlers share: who asks, of what, and how bodies and parameters are read."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from gateway.attestation.decide import TrunkKind
from gateway.control.people.sessions import SignedIn
from gateway.control.state import ControlState
from gateway.generation.problem import Problem as ConfigurationProblem
from gateway.passport.strict import StrictJsonError, read_json
from gateway.record.owners import find_owner
from gateway.registry.policy import RegistryPolicy
from gateway.web import problems
from gateway.web.problems import Problem, at, forbidden
from gateway.web.shape import ShapeError, read_shape

Shape = TypeVar("Shape")
_Choice = TypeVar("_Choice", bound=StrEnum)

MOST_ID: Final = 2**31 - 1
"""Of a row: beyond it PostgreSQL (INTEGER) refuses to look, which is our failure and not a missing row."""
_ID_DIGITS: Final = len(str(MOST_ID))

ACTOR: Final = web.RequestKey("actor", str)
"""Who asks, for the audit: `cli:alice`, `token:console`, `person:3`."""
IS_OPERATOR: Final = web.RequestKey("is_operator", bool)
"""Whether who asks may see numbers; an auditor may not."""
STATE: Final = web.AppKey("state", ControlState)
OWNER: Final = web.RequestKey[int | None]("owner")
"""Whose rows may be seen: an owner's id, or None for operators, who see all."""
SIGNED_IN: Final = web.RequestKey("signed_in", SignedIn)
"""Who is at the browser; there only where somebody is."""
IS_SOCKET: Final = web.AppKey("is_socket", bool)
"""Whether this door is `control.sock`."""


async def read_document(request: web.Request) -> object:
    """The body as strict JSON. Raises Problem with the place of what is wrong."""
    try:
        return read_json(await request.read())
    except StrictJsonError as error:
        raise at(error.pointer or "", error.problem) from None


async def read_body(request: web.Request, wanted: type[Shape]) -> Shape:
    """The body as this type. Raises Problem with the place of what is wrong."""
    try:
        return read_shape(await request.read(), wanted)
    except ShapeError as error:
        raise at(error.pointer, error.problem) from None


def require_operator(request: web.Request) -> None:
    """Refuse everybody else what only operators do. Raises Problem."""
    if not request[IS_OPERATOR]:
        raise forbidden("An operator's token is needed for this.")


def refuse_number(request: web.Request) -> None:
    """Refuse to look for the calls of a number for whoever may see none. Raises Problem."""
    if not request[IS_OPERATOR] and request.query.get("tn"):
        raise forbidden("tn: only operators look for a number; auditors see calls without them.")


def seen_owner(request: web.Request) -> int:
    """The owner in the address, if whoever asks may see it. Raises Problem: foreign is as good as missing."""
    named = int(request.match_info["owner"])
    if request[OWNER] not in (None, named):
        raise no_owner(named)
    return named


async def chosen_owner(request: web.Request, named: int | None) -> int:
    """Whose a new registration is: the owner that asks, or the one an operator names. Raises Problem."""
    own = request[OWNER]
    if own is None and named is None:
        raise at("/owner", "is missing: an operator says whose the numbers are")
    if own is not None:
        if named not in (None, own):
            raise at("/owner", "an owner registers numbers for itself alone")
        return own
    async with request.app[STATE].record.read() as transaction:
        if named is None or await find_owner(transaction, named) is None:
            raise at("/owner", "there is no such owner")
    return named


def no_owner(owner_id: int) -> Problem:
    """404: there is none, or none for whoever asks."""
    return Problem(404, "not-found", f"there is no owner {owner_id}")


def policy_of(request: web.Request) -> RegistryPolicy:
    """The registry's policy in force. Raises Problem: without one nothing says what is protected."""
    generation = request.app[STATE].reloader.generation
    if generation is None:
        raise Problem(503, "no-configuration", "No configuration is in force yet.")
    return generation.policy.registry


def trunks_of(request: web.Request) -> frozenset[str]:
    """The trunks an owner may say its calls come by: not those from abroad, which are an operator's word."""
    generation = request.app[STATE].reloader.generation
    if generation is None:
        return frozenset()
    return frozenset(
        trunk.name for trunk in generation.policy.trunks if trunk.kind is not TrunkKind.INTERNATIONAL
    )


def answer(document: object, *, status: int = 200, location: str | None = None) -> web.Response:
    """Render an answer; `location` is where what was made or begun can be asked for."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(document, enc_hook=str),
        content_type=problems.JSON,
        headers={} if location is None else {"Location": location},
    )


def problem_document(problem: ConfigurationProblem) -> dict[str, object]:
    """A mistake in the configuration, with its place."""
    return {
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "problem": problem.message,
        "hint": problem.hint,
    }


def read_whole(request: web.Request, name: str, *, default: int, most: int) -> int:
    """A query parameter that counts something. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most):
        raise parameter_problem(name, f"must be a whole number of at most {most}")
    return int(text)


def read_day(request: web.Request, name: str) -> date | None:
    """A query parameter that is a day, such as 2025-11-21; None where it is not there. Raises Problem."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise parameter_problem(name, "must be a day such as 2025-11-21") from None


def read_choice(request: web.Request, name: str, choices: type[_Choice]) -> _Choice | None:
    """A query parameter that names one of several things; None where it is not there. Raises Problem."""
    named = request.query.get(name)
    if named is None:
        return None
    if named not in set(choices):
        raise parameter_problem(name, f"is one of {', '.join(choices)}")
    return choices(named)


def row_id(text: str) -> int | None:
    """The id of a row as it was written; None for what is none, or beyond what one can be."""
    is_id = text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS and int(text) <= MOST_ID
    return int(text) if is_id else None


def parameter_problem(name: str, problem: str) -> Problem:
    """A part of the address that cannot be used."""
    return Problem(
        400,
        "invalid-request",
        "The request has a value that cannot be used.",
        f"{name}: {problem}",
        errors=({"parameter": name, "problem": problem},),
    )
