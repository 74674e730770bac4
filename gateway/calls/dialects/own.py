"""The gateway's own API on the call plane, health included: JSON, errors as problem details (RFC 9457)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from gateway.calls.dialects.dialect import Dialect, ErrorAnswer, as_problem
from gateway.calls.dialects.problem import RequestProblem
from gateway.web.ndjson import NDJSON
from gateway.web.problems import JSON, PROBLEM_JSON, Problem, problem_body


def render_error(error: RequestProblem | Problem) -> ErrorAnswer:
    """Any error as problem details."""
    problem = as_problem(error)
    body = msgspec.json.encode(problem_body(problem))
    return ErrorAnswer(problem.status, PROBLEM_JSON, body, problem.headers)


OWN: Final = Dialect(
    takes=JSON, gives=frozenset({"application/json", "application/*", "*/*"}), render_error=render_error
)
OWN_LINES: Final = replace(OWN, takes=NDJSON)
"""The same where a request is many lines."""
