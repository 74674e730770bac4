"""The record by HTTP: tokens, decisions, the audit, and the facts that are made of it."""

from __future__ import annotations

import time

from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    IS_OPERATOR,
    MOST_ID,
    STATE,
    answer,
    read_document,
    read_whole,
    row_id,
)
from gateway.control.commands import (
    add_decision,
    create_token,
    list_decisions,
    list_tokens,
    remove_decision,
    revoke_token,
    verify_audit,
)
from gateway.control.commands.documents import (
    audit_document,
    created_token_document,
    decision_document,
    parse_decision_request,
    parse_token_request,
    redacted_decision_document,
    token_document,
)
from gateway.control.jobs import Job
from gateway.control.state import ControlState
from gateway.generation.problem import did_you_mean
from gateway.web.problems import at

FACTS_JOB = "facts"


async def tokens(request: web.Request) -> web.Response:
    """Live tokens, without their secrets."""
    listed = await list_tokens(
        request.app[STATE].record, include_revoked=request.query.get("revoked") == "true"
    )
    return answer({"tokens": [token_document(token) for token in listed]})


async def make_token(request: web.Request) -> web.Response:
    """Make a token; the answer is the only place where it is ever shown."""
    state, asked = request.app[STATE], parse_token_request(await read_document(request))
    _check_trunk(state, asked.trunk)
    created = await create_token(state.record, asked, actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return answer(created_token_document(created), status=201)


def _check_trunk(state: ControlState, trunk: str | None) -> None:
    """A token bound to a trunk that is not there would open nothing, and nobody would know why."""
    generation = state.reloader.generation
    if trunk is None or generation is None or trunk in generation.policy.by_name:
        return
    names = ", ".join(sorted(generation.policy.by_name))
    hint = did_you_mean(trunk, generation.policy.by_name)
    raise at("/trunk", f"is not a trunk of trunks.toml; they are {names}{f' ({hint})' if hint else ''}")


async def end_token(request: web.Request) -> web.Response:
    """Revoke a token by id or name."""
    state, name = request.app[STATE], request.match_info["token"]
    number = row_id(name)
    ended = await revoke_token(
        state.record, name if number is None else number, actor=request[ACTOR], now=int(time.time())
    )
    await state.follow()
    return answer(token_document(ended))


async def decisions(request: web.Request) -> web.Response:
    """Standing decisions."""
    listed = await list_decisions(
        request.app[STATE].record,
        now=int(time.time()),
        include_past=request.query.get("past") == "true",
        after_id=read_whole(request, "after", default=0, most=MOST_ID),
        limit=read_whole(request, "limit", default=1_000, most=1_000),
    )
    shown = decision_document if request[IS_OPERATOR] else redacted_decision_document
    return answer({"decisions": [shown(each) for each in listed]})


async def make_decision(request: web.Request) -> web.Response:
    """Decide about a number or a range; calls see it within a second."""
    state, asked = request.app[STATE], parse_decision_request(await read_document(request))
    made = await add_decision(
        state.record, asked, actor=request[ACTOR], now=int(time.time()), rules=state.dialling()
    )
    await state.follow()
    return answer(decision_document(made), status=201)


async def end_decision(request: web.Request) -> web.Response:
    """End a decision."""
    state, decision_id = request.app[STATE], int(request.match_info["decision"])
    ended = await remove_decision(state.record, decision_id, actor=request[ACTOR], now=int(time.time()))
    await state.follow()
    return answer(decision_document(ended))


async def audit(request: web.Request) -> web.Response:
    """Whether the audit chain is whole."""
    return answer(audit_document(await verify_audit(request.app[STATE].record)))


async def rebuild_facts(request: web.Request) -> web.Response:
    """Begin to make the facts anew; workers go on with the old ones until the new are whole."""
    state = request.app[STATE]

    async def work(job: Job) -> None:
        job.step = "projecting the record"
        await state.rebuild_facts()

    job = state.jobs.begin(FACTS_JOB, work, actor=request[ACTOR])
    return answer(job.document(), status=202, location=f"/admin/v1/facts/rebuilds/{job.id}")


async def facts_rebuild(request: web.Request) -> web.Response:
    """How far it is."""
    return answer(request.app[STATE].jobs.find(FACTS_JOB, request.match_info["job"]).document())


ROUTES = [
    web.get("/admin/v1/tokens", tokens),
    web.post("/admin/v1/tokens", make_token),
    web.delete("/admin/v1/tokens/{token}", end_token),
    web.get("/admin/v1/decisions", decisions),
    web.post("/admin/v1/decisions", make_decision),
    web.delete("/admin/v1/decisions/{decision:[0-9]{1,9}}", end_decision),
    web.get("/admin/v1/audit/verification", audit),
    web.post("/admin/v1/facts/rebuilds", rebuild_facts),
    web.get("/admin/v1/facts/rebuilds/{job:[0-9a-f]{16}}", facts_rebuild),
]
