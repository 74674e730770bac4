"""`/v1/disputes`: what is said of a number, disputed by its owner and answered by operators."""

from __future__ import annotations

import time

from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    MOST_ID,
    OWNER,
    STATE,
    answer,
    read_body,
    read_choice,
    read_whole,
    require_operator,
)
from gateway.control.api.dispute_shapes import DisputeAnswer, DisputeShape, DisputesPage, NewDispute
from gateway.control.commands.disputes import (
    answer_dispute,
    list_disputes,
    open_dispute,
    show_dispute,
)
from gateway.reputation.dispute import DisputeState


async def post_dispute(request: web.Request) -> web.Response:
    """Dispute what is said of a number of one's own; an operator may for anybody."""
    state, asked = request.app[STATE], await read_body(request, NewDispute)
    opened = await open_dispute(
        state.record,
        asked.tn,
        asked.statement,
        owner_id=request[OWNER],
        rules=state.dialling(),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    return answer(DisputeShape.of(opened), status=201, location=f"/v1/disputes/{opened.id}")


async def get_disputes(request: web.Request) -> web.Response:
    """A page of disputes."""
    found = await list_disputes(
        request.app[STATE].record,
        owner_id=request[OWNER],
        state=read_choice(request, "state", DisputeState),
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=100, most=1_000),
    )
    return answer(DisputesPage([DisputeShape.of(each) for each in found]))


async def get_dispute(request: web.Request) -> web.Response:
    """One dispute."""
    found = await show_dispute(request.app[STATE].record, _id(request), owner_id=request[OWNER])
    return answer(DisputeShape.of(found))


async def post_answer(request: web.Request) -> web.Response:
    """Uphold or reject, as an operator; calls see a released number when this is answered."""
    require_operator(request)
    state, asked = request.app[STATE], await read_body(request, DisputeAnswer)
    answered = await answer_dispute(
        state.record,
        _id(request),
        DisputeState(asked.state),
        asked.reason,
        actor=request[ACTOR],
        now=int(time.time()),
    )
    if answered.dispute.state is DisputeState.UPHELD:
        await state.evidence.renew((answered.dispute.tn,))
    return answer(DisputeShape.of_answered(answered))


def _id(request: web.Request) -> int:
    return int(request.match_info["dispute"])


ROUTES = [
    web.post("/v1/disputes", post_dispute),
    web.get("/v1/disputes", get_disputes),
    web.get("/v1/disputes/{dispute:[0-9]{1,9}}", get_dispute),
    web.post("/v1/disputes/{dispute:[0-9]{1,9}}/answer", post_answer),
]
