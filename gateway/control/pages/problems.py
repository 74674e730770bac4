"""An error as a page, for people; programs get the same as problem details (`gateway.web.problems`)."""

from __future__ import annotations

from aiohttp import web

from gateway.control.pages.rendering import HTML, page
from gateway.web.problems import Problem


def is_for_people(request: web.Request) -> bool:
    """Whether whoever asks shows it to somebody: browsers say so, and programs do not."""
    return HTML in request.headers.get("Accept", "")


def render_problem(request: web.Request, problem: Problem, *, request_id: str) -> web.Response:
    """The problem in words."""
    answer = page(
        request, "pages/problem.html", status=problem.status, problem=problem, request_id=request_id
    )
    answer.headers.update(problem.headers)
    answer.headers["X-RequestID"] = request_id
    return answer
