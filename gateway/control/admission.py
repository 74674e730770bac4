"""Who may come in by which door: the one place that says who asks, and whose rows may be seen.

Over `control.sock` the file's owner has come in, and is the operator. Over `[listen] control` a bearer token
says who asks, or, where there is none, the cookie of somebody who has signed in; a person's role is the scope
it has. What follows is the same for both: `ACTOR`, `OWNER`, `IS_OPERATOR` for every handler.
"""

from __future__ import annotations

import pwd
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.control.api.asking import ACTOR, IS_OPERATOR, IS_SOCKET, OWNER, SIGNED_IN, STATE
from gateway.control.pages import assets, forms
from gateway.control.pages.forms import Form
from gateway.control.pages.origin import refuse_other_origins
from gateway.control.pages.problems import is_for_people
from gateway.control.pages.rendering import go_to
from gateway.control.pages.serving import Page, Who, page_of, refuse_role, sign_in_address
from gateway.control.people.cookies import SESSION
from gateway.control.people.kept import keep_fields
from gateway.control.people.pages import sign_in_page
from gateway.control.people.sessions import SignedIn, who_is_signed_in
from gateway.control.people.signing_in import person_actor
from gateway.facts.tokens import Scope, hash_token
from gateway.web.problems import forbidden, not_found, unauthenticated

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN: Final = frozenset({"/livez", "/readyz"})
"""What needs no credential, besides pages for anybody and what they are made of."""
REPORTS: Final = "/v1/reports"
REPORT_SCOPES: Final = frozenset({Scope.REPORT_WRITE.value})
OWNERS: Final = ("/v1/owners", "/v1/numbers", "/v1/proofs", "/v1/disputes", "/openapi.json")
"""Beneath these, owners open what is theirs."""
READ_SCOPES: Final = frozenset({Scope.OPERATOR.value, Scope.AUDITOR.value})
WRITE_SCOPES: Final = frozenset({Scope.OPERATOR.value})
OPERATORS: Final = (
    "/v1/owners",
    "/v1/numbers",
    "/v1/proofs",
    "/v1/disputes",
    "/admin/v1/sightings",
    "/admin/v1/reputation",
    "/admin/v1/imports",
)
"""What tells whole numbers, or something of a number that is asked about: no auditor reads it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who asks, by whichever credential."""

    actor: str
    scopes: frozenset[str]
    owner_id: int | None


@web.middleware
async def admission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Know who is asking, before anything is done."""
    if request.app[IS_SOCKET]:
        request[ACTOR] = f"cli:{_peer(request)}"
        request[OWNER] = None
        request[IS_OPERATOR] = True
        return await handler(request)
    if request.path in OPEN or request.path.startswith(assets.PATH):
        return await handler(request)
    page = page_of(request)
    if page is not None:
        return await _admit_to_page(request, page, handler)
    admitted = await _by_token(request) or await _by_session(request)
    if admitted is None and is_for_people(request):
        if request.match_info.http_exception is not None:
            raise not_found(request.path)
        return go_to(sign_in_address(request))
    _admit_to_api(request, admitted)
    return await handler(request)


def _admit_to_api(request: web.Request, admitted: Admitted | None) -> None:
    """Say whose rows may be seen. Raises Problem."""
    if admitted is None:
        raise unauthenticated("Send `Authorization: Bearer …` with an operator's or auditor's token.")
    request[ACTOR] = admitted.actor
    request[OWNER] = None
    request[IS_OPERATOR] = False
    if (
        Scope.OWNER.value in admitted.scopes
        and admitted.owner_id is not None
        and request.path.startswith(OWNERS)
    ):
        request[OWNER] = admitted.owner_id
        return
    is_reading = request.method in {"GET", "HEAD"} and not request.path.startswith(OPERATORS)
    allowed = REPORT_SCOPES if request.path == REPORTS else READ_SCOPES if is_reading else WRITE_SCOPES
    if allowed.isdisjoint(admitted.scopes):
        raise forbidden(f"It has none of the scopes {', '.join(sorted(allowed))}.")
    request[IS_OPERATOR] = Scope.OPERATOR.value in admitted.scopes


async def _admit_to_page(request: web.Request, page: Page, handler: Handler) -> web.StreamResponse:
    """Show a page to whom it is for; whoever is not signed in is asked to, and then comes back."""
    refuse_other_origins(request)
    signed_in = await _signed_in(request)
    if signed_in is not None:
        request[SIGNED_IN] = signed_in
    if page.who is not Who.ANYBODY:
        if signed_in is None or signed_in.waits_for_code:
            if request.method == "POST" and request.content_type == forms.TYPE:
                kept = keep_fields(request.path, await forms.read_form(request))
                return sign_in_page(request, Form(kept), status=403)
            return go_to(sign_in_address(request))
        refuse_role(page, signed_in, request.method)
        _say_who(request, _of(signed_in))
    return await handler(request)


def _say_who(request: web.Request, admitted: Admitted) -> None:
    request[ACTOR] = admitted.actor
    request[OWNER] = admitted.owner_id
    request[IS_OPERATOR] = Scope.OPERATOR.value in admitted.scopes


async def _by_token(request: web.Request) -> Admitted | None:
    """Who sent the bearer token. Raises Problem where something was sent that is none."""
    sent = request.headers.get("Authorization")
    if sent is None:
        return None
    scheme, _, token = sent.partition(" ")
    token_hash = hash_token(token.strip()) if scheme.lower() == "bearer" else None
    fact = None if token_hash is None else request.app[STATE].token(token_hash, now=int(time.time()))
    if fact is None:
        # Never the cookie in its place: what a program sends decides alone.
        raise unauthenticated("Send `Authorization: Bearer …` with an operator's or auditor's token.")
    return Admitted(f"token:{fact.name}", frozenset(fact.scopes), fact.owner_id)


async def _by_session(request: web.Request) -> Admitted | None:
    """Who is signed in. Raises Problem for a change that a page of another site asks for."""
    signed_in = await _signed_in(request)
    if signed_in is None or signed_in.waits_for_code:
        return None
    refuse_other_origins(request)
    request[SIGNED_IN] = signed_in
    return _of(signed_in)


def _of(signed_in: SignedIn) -> Admitted:
    person = signed_in.person
    return Admitted(person_actor(person), frozenset({person.role}), person.owner_id)


async def _signed_in(request: web.Request) -> SignedIn | None:
    record = request.app[STATE].record
    return await who_is_signed_in(record, request.cookies.get(SESSION), now=int(time.time()))


def _peer(request: web.Request) -> str:
    """Name the user at the other end of the socket, on the kernel's word (SO_PEERCRED, unix(7))."""
    end = request.get_extra_info("socket")
    if end is None:
        return "unknown"
    credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user = struct.unpack("3i", credentials)[1]
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
