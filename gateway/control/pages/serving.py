"""Which pages there are, and who may see each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import quote, urlsplit

from aiohttp import web

from gateway.control.people.sessions import SignedIn
from gateway.facts.tokens import Scope
from gateway.web.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SIGN_IN: Final = "/sign-in"


class Who(Enum):
    """Who may see a page."""

    ANYBODY = auto()
    SIGNED_IN = auto()
    """Whatever the role."""
    OWNER = auto()
    STAFF = auto()
    """Operators; auditors what changes nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """One address of one room of pages."""

    method: str
    path: str
    handler: Handler
    who: Who


PAGES: Final = web.AppKey("pages", Mapping[Any, Page])
"""By handler: which page a request is for, and so who may see it."""


def page_of(request: web.Request) -> Page | None:
    """The page that was asked for; None for the APIs and for what is not there."""
    return request.app[PAGES].get(request.match_info.handler)


def refuse_role(page: Page, signed_in: SignedIn, method: str) -> None:
    """Raise Problem for a page that is for others."""
    role = signed_in.person.role
    match page.who:
        case Who.ANYBODY | Who.SIGNED_IN:
            return
        case Who.OWNER:
            may = role == Scope.OWNER
        case Who.STAFF:
            may = role == Scope.OPERATOR or (role == Scope.AUDITOR and method in ("GET", "HEAD"))
    if not may:
        raise Problem(
            403,
            "forbidden",
            "This page is not for you.",
            "You are signed in as somebody who may not see or do this. Sign out to sign in as another.",
        )


def sign_in_address(request: web.Request) -> str:
    """Where to sign in, and come back to this page."""
    return f"{SIGN_IN}?next={quote(request.path_qs, safe='/')}" if request.method == "GET" else SIGN_IN


def own_address(text: str) -> str | None:
    """The text if it is an address of ours to go on to, path and query; None for any other."""
    # Browsers take a backslash for a slash and leave out line ends: `/\example.org` is another host.
    if not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable():
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if not parts.scheme and not parts.netloc and text.isascii() else None
