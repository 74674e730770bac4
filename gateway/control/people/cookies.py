"""The two cookies: who is signed in, and by which browser somebody has been here before.

`__Host-` makes a browser take them from this very host alone, for all of its paths, and only where nobody
listens in (RFC 6265bis section 4.1.3.2); browsers count http://127.0.0.1 and http://localhost among those.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from gateway.control.people.signing_in import Entered

SESSION: Final = "__Host-callmark"
DEVICE: Final = "__Host-callmark-device"
_DEVICE_SECONDS: Final = 180 * 86_400


def set_entered(response: web.StreamResponse, entered: Entered) -> None:
    """Let the browser keep what lets it in. The session's goes when the browser is closed."""
    _set(response, SESSION, entered.session, None)
    if entered.device is not None:
        _set(response, DEVICE, entered.device, _DEVICE_SECONDS)


def forget_session(response: web.StreamResponse) -> None:
    """Take the session's cookie back."""
    _set(response, SESSION, "", 0)


def _set(response: web.StreamResponse, name: str, value: str, max_age: int | None) -> None:
    # Lax, not Strict: a colleague's link to a page should not look as if one were signed out. What changes
    # something needs its origin besides (`gateway.control.pages.origin`).
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="Lax")
