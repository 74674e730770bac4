"""Changes asked for by a browser come from our own pages alone: the one place where that is decided.

Every request that may change something and carries no bearer token is looked at, signed in or not: signing
somebody in against its will is a change too. A browser says where a request comes from by `Sec-Fetch-Site`
(Fetch Metadata) where it trusts the address, and by `Origin` (RFC 6454) with every form; a page of
another site can forge neither. What says nothing is refused.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from gateway.web.problems import Problem

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_other_origins(request: web.Request) -> None:
    """Raise Problem for a change that another site asks for."""
    if request.method in SAFE_METHODS or is_from_us(request):
        return
    raise Problem(
        403,
        "other-origin",
        "This request does not come from a page of this gateway.",
        "Open the page again and repeat what you did. Programs send a bearer token, or `Origin`.",
    )


def is_from_us(request: web.Request) -> bool:
    """Whether the browser says that one of our own pages asks."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return site == "same-origin"
    # The scheme is left to the Secure cookies: behind a proxy that ends TLS it is another.
    host = request.headers.get("Host", "")
    return host != "" and _host_of(origin) == host.lower()


def _host_of(origin: str) -> str | None:
    """Host and port of an origin as they stand in it; None for what is none."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
        return None
    return parts.netloc.lower()
