"""What a dialect is to HTTP: the bodies it takes, the answers it gives, and its own form of an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.calls.dialects.problem import RequestProblem
from gateway.reasons import POLICY_ERROR
from gateway.web.problems import Problem

_OUTSIDE: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error as a dialect says it."""

    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an address is spoken to, whatever is asked there."""

    takes: str
    """The media type of a request's body; empty: whatever it is called."""
    gives: frozenset[str]
    """Media ranges of `Accept` that its answers satisfy; empty: `Accept` is not looked at."""
    render_error: Callable[[RequestProblem | Problem], ErrorAnswer]


def as_problem(error: RequestProblem | Problem) -> Problem:
    """The error as the gateway's own API has it: status, a word that does not change, a sentence."""
    if isinstance(error, Problem):
        return error
    exception = error.exception
    if exception is POLICY_ERROR:
        (code,) = error.variables
        return Problem(exception.status, code, "The request is understood, and policy refuses it.")
    text = exception.text
    for place, value in enumerate(error.variables, start=1):
        text = text.replace(f"%{place}", value)
    return Problem(
        exception.status,
        exception.message_id.lower(),
        text.removeprefix("Error: "),
        headers=allow(error),
    )


def allow(problem: RequestProblem) -> dict[str, str]:
    """`Allow` of a 405 (RFC 9110 section 15.5.6)."""
    return {"Allow": problem.allowed} if problem.allowed else {}


def in_ascii(text: str) -> str:
    """The text with a `?` for whatever could end a line or a header, or may not stand in one."""
    return _OUTSIDE.sub("?", text)
