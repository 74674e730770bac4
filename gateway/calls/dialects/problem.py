"""A request that a dialect could not read: which exception of the table, and what fills it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.reasons import INVALID_PARAMETER, MISSING_PARAMETER, ServiceException


@dataclass(eq=False)
class RequestProblem(Exception):
    """Raised by dialects only, for what a client sent; `web/` turns it into the dialect's error body."""

    exception: ServiceException
    variables: tuple[str, ...] = ()
    allowed: str = ""
    """With a 405: the method there is."""

    @classmethod
    def missing(cls, name: str) -> RequestProblem:
        """SVC4001: the mandatory parameter `name` (dotted path) is not there."""
        return cls(MISSING_PARAMETER, (name,))

    @classmethod
    def invalid(cls, name: str, why: str) -> RequestProblem:
        """SVC4005: the parameter `name` (dotted path) is there but unusable; `why` is a clause."""
        return cls(INVALID_PARAMETER, (name, why))
