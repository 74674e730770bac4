"""`/v1/owners`: owners, their tokens, what is kept of them, and its erasure."""

from __future__ import annotations

import time

import msgspec
from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    MOST_ID,
    STATE,
    answer,
    policy_of,
    read_body,
    read_whole,
    require_operator,
    seen_owner,
)
from gateway.control.api.downloads import send_whole
from gateway.control.api.registry_shapes import (
    NewOwner,
    NoticeShape,
    NoticesPage,
    OwnerShape,
    OwnersPage,
    OwnerToken,
)
from gateway.control.registry.owners import (
    erase,
    export_owner,
    list_owners,
    make_owner,
    make_owner_token,
    show_owner,
)
from gateway.control.registry.showing import list_notices

NDJSON = "application/x-ndjson"


async def post_owner(request: web.Request) -> web.Response:
    """Make an owner."""
    require_operator(request)
    asked = await read_body(request, NewOwner)
    made = await make_owner(
        request.app[STATE].record,
        name=asked.name,
        contact=asked.contact,
        actor=request[ACTOR],
        now=int(time.time()),
    )
    return answer(OwnerShape.of(made), status=201, location=f"/v1/owners/{made.id}")


async def get_owners(request: web.Request) -> web.Response:
    """A page of owners."""
    require_operator(request)
    found = await list_owners(
        request.app[STATE].record,
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer(OwnersPage([OwnerShape.of(owner) for owner in found]))


async def get_owner(request: web.Request) -> web.Response:
    """One owner."""
    found = await show_owner(request.app[STATE].record, seen_owner(request))
    counts = {state.value: count for state, count in found.registrations.items()}
    return answer(OwnerShape.of(found.owner, counts))


async def post_token(request: web.Request) -> web.Response:
    """Make a token for an owner's programs; it is shown here and never again."""
    state, owner_id = request.app[STATE], seen_owner(request)
    created = await make_owner_token(state.record, owner_id, actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return answer(OwnerToken(created.token.name, created.secret), status=201)


async def get_notices(request: web.Request) -> web.Response:
    """What an owner was told."""
    found = await list_notices(
        request.app[STATE].record,
        seen_owner(request),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer(NoticesPage([NoticeShape.of(notice) for notice in found]))


async def get_export(request: web.Request) -> web.StreamResponse:
    """Everything that is kept of an owner, a line of JSON for each thing."""
    owner_id = seen_owner(request)
    pieces = export_owner(request.app[STATE].record, owner_id)
    headers = {
        "Content-Type": NDJSON,
        "Content-Disposition": f'attachment; filename="owner-{owner_id}.ndjson"',
    }
    return await send_whole(request, (msgspec.json.encode(each) + b"\n" async for each in pieces), headers)


async def delete_owner(request: web.Request) -> web.Response:
    """Erase an owner; calls see it within a second."""
    state, owner_id = request.app[STATE], seen_owner(request)
    await erase(state.record, owner_id, policy=policy_of(request), actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return web.Response(status=204)


ROUTES = [
    web.post("/v1/owners", post_owner),
    web.get("/v1/owners", get_owners),
    web.get("/v1/owners/{owner:[0-9]{1,9}}", get_owner),
    web.delete("/v1/owners/{owner:[0-9]{1,9}}", delete_owner),
    web.post("/v1/owners/{owner:[0-9]{1,9}}/tokens", post_token),
    web.get("/v1/owners/{owner:[0-9]{1,9}}/notices", get_notices),
    web.get("/v1/owners/{owner:[0-9]{1,9}}/export", get_export),
]
