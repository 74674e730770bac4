"""`/v1/numbers`: registrations, by their owners; disputes, by operators."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    MOST_ID,
    OWNER,
    STATE,
    answer,
    chosen_owner,
    policy_of,
    read_body,
    read_choice,
    read_whole,
    require_operator,
    trunks_of,
)
from gateway.control.api.registry_shapes import (
    DayOfUse,
    NewNumbers,
    NumberDecision,
    NumbersPage,
    NumbersShape,
    ProofShape,
    UsePage,
    event_shape,
)
from gateway.control.registry.bulk import LineResult, claim_lines, read_claims
from gateway.control.registry.claims import change_registration, claim_numbers, withdraw
from gateway.control.registry.operating import decide_registration
from gateway.control.registry.showing import list_registrations, show_registration
from gateway.control.registry.use import show_use
from gateway.record.use import KEPT_DAYS
from gateway.registry.states import State
from gateway.web.problems import Problem

MOST_BULK_BYTES: Final = 128 * 1024 * 1024
"""A million lines have about sixty."""
NDJSON: Final = "application/x-ndjson"
_PIECE_BYTES: Final = 64 * 1024


async def post_numbers(request: web.Request) -> web.Response:
    """Claim numbers; the answer is the same whoever's they are."""
    state, asked = request.app[STATE], await read_body(request, NewNumbers)
    owner_id = await chosen_owner(request, asked.owner)
    (made,) = await claim_numbers(
        state.record,
        [asked.claim()],
        owner_id=owner_id,
        trunks=trunks_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    return answer(NumbersShape.of(made), status=201, location=f"/v1/numbers/{made.id}")


async def post_bulk(request: web.Request) -> web.StreamResponse:
    """Claim by a CSV file; the answer has a line of JSON for each line, and a sum at the end."""
    owner_id = await chosen_owner(request, _owner_parameter(request))
    # On the disk first: whoever sends slowly must not hold a transaction open, nor a large file the memory.
    with tempfile.TemporaryFile() as file:
        size = 0
        async for piece in request.content.iter_chunked(_PIECE_BYTES):
            size += len(piece)
            if size > MOST_BULK_BYTES:
                raise Problem(413, "too-large", "The file is too large.", f"At most {MOST_BULK_BYTES} bytes.")
            file.write(piece)
        file.seek(0)
        lines = read_claims(io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline=""))
        results = claim_lines(
            request.app[STATE].record,
            lines,
            owner_id=owner_id,
            trunks=trunks_of(request),
            actor=request[ACTOR],
            now=int(time.time()),
        )
        return await _stream(request, results)


async def _stream(request: web.Request, results: AsyncIterator[LineResult]) -> web.StreamResponse:
    # Before anything is sent: a file without the heading is a 400, not a broken answer.
    first = await anext(results, None)
    response = web.StreamResponse(headers={"Content-Type": NDJSON})
    await response.prepare(request)
    counts = {"taken": 0, "refused": 0}
    lines = bytearray()
    each = first
    while each is not None:
        counts["refused" if each.id is None else "taken"] += 1
        lines += msgspec.json.encode(_line(each)) + b"\n"
        if len(lines) > _PIECE_BYTES:
            await response.write(bytes(lines))
            lines.clear()
        each = await anext(results, None)
    await response.write(bytes(lines) + msgspec.json.encode(counts) + b"\n")
    await response.write_eof()
    return response


def _line(result: LineResult) -> dict[str, object]:
    if result.id is not None:
        return {"line": result.line, "id": result.id}
    return {"line": result.line, "column": result.column, "problem": result.problem}


def _owner_parameter(request: web.Request) -> int | None:
    return read_whole(request, "owner", default=0, most=MOST_ID) or None


async def get_numbers(request: web.Request) -> web.Response:
    """A page of registrations."""
    found = await list_registrations(
        request.app[STATE].record,
        owner_id=request[OWNER],
        state=read_choice(request, "state", State),
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer(NumbersPage([NumbersShape.of(each) for each in found]))


async def get_one(request: web.Request) -> web.Response:
    """One registration, with its proofs, its history and what it still needs."""
    shown = await show_registration(
        request.app[STATE].record, _id(request), owner_id=request[OWNER], policy=policy_of(request)
    )
    return answer(
        msgspec.structs.replace(
            NumbersShape.of(shown.registration),
            needs=[sorted(combination) for combination in shown.sufficient],
            proofs=[ProofShape.of(proof) for proof in shown.proofs],
            history=[event_shape(event) for event in shown.events],
        )
    )


async def get_use(request: web.Request) -> web.Response:
    """How the numbers were used, and forged, by day."""
    found = await show_use(
        request.app[STATE].record,
        _id(request),
        owner_id=request[OWNER],
        days=max(1, read_whole(request, "days", default=30, most=KEPT_DAYS)),
        now=int(time.time()),
    )
    return answer(
        UsePage([DayOfUse(each.day, each.path, each.whose, each.outcome, calls) for each, calls in found])
    )


async def put_one(request: web.Request) -> web.Response:
    """Say something else of the calls of the same numbers; calls see it within a second."""
    state, asked = request.app[STATE], await read_body(request, NewNumbers)
    changed = await change_registration(
        state.record,
        _id(request),
        asked.claim(),
        owner_id=request[OWNER],
        trunks=trunks_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.follow()
    return answer(NumbersShape.of(changed))


async def delete_one(request: web.Request) -> web.Response:
    """Withdraw; calls see it within a second."""
    state = request.app[STATE]
    gone = await withdraw(
        state.record,
        _id(request),
        owner_id=request[OWNER],
        policy=policy_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.follow()
    return answer(NumbersShape.of(gone))


async def post_decision(request: web.Request) -> web.Response:
    """Freeze, award or dismiss, as an operator."""
    require_operator(request)
    state, asked = request.app[STATE], await read_body(request, NumberDecision)
    changed = await decide_registration(
        state.record,
        _id(request),
        asked.step,
        asked.reason,
        policy=policy_of(request),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.follow()
    return answer(NumbersShape.of(changed))


def _id(request: web.Request) -> int:
    return int(request.match_info["number"])


ROUTES = [
    web.post("/v1/numbers", post_numbers),
    web.get("/v1/numbers", get_numbers),
    web.post("/v1/numbers/bulk", post_bulk),
    web.get("/v1/numbers/{number:[0-9]{1,9}}", get_one),
    web.get("/v1/numbers/{number:[0-9]{1,9}}/use", get_use),
    web.put("/v1/numbers/{number:[0-9]{1,9}}", put_one),
    web.delete("/v1/numbers/{number:[0-9]{1,9}}", delete_one),
    web.post("/v1/numbers/{number:[0-9]{1,9}}/decision", post_decision),
]
