"""What both planes call themselves in `Server` (RFC 9110 section 10.2.4): the product, never a version.

aiohttp names itself, Python and both versions, and has no setting for it. Headers of our own would cover our
answers but not those it gives by itself to bytes that are no HTTP: its constant is replaced, once a process.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web_response

SERVER: Final = "callmark"


def name_server() -> None:
    """To be called before the first answer."""
    web_response.SERVER_SOFTWARE = SERVER  # type: ignore[attr-defined]  # imported there, not exported
