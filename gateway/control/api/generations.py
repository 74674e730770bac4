"""Generations by HTTP: which were in force, what each changed, and going back to the policy of one."""

from __future__ import annotations

import msgspec
from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE, answer, read_body, read_whole
from gateway.control.api.node import reload_document
from gateway.control.commands.documents import render_time
from gateway.control.commands.problems import check_reason
from gateway.control.state import ControlState
from gateway.record.generations import GenerationRow
from gateway.web import problems

MOST_SHOWN = 1_000
_LARGEST = 10**15


class RollBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the policy is rolled back: what the next operator will read."""

    reason: str = ""


async def generations(request: web.Request) -> web.Response:
    """This node's generations, newest first; `before` a number gives the page that follows."""
    state = request.app[STATE]
    before = read_whole(request, "before", default=_LARGEST, most=_LARGEST)
    limit = read_whole(request, "limit", default=50, most=MOST_SHOWN)
    rows = await state.changes.history.newest(before=before, limit=limit)
    return answer(
        {
            "generations": [generation_document(state, row) for row in rows],
            "policy_rolled_back": state.reloader.is_rolled_back,
        }
    )


async def generation(request: web.Request) -> web.Response:
    """One generation, with everything that it changed."""
    state = request.app[STATE]
    row = await state.changes.history.find(_number(request))
    if row is None:
        raise problems.not_found(request.path)
    return answer(generation_document(state, row))


async def roll_back(request: web.Request) -> web.Response:
    """Put its policy part in force with the trust part of now; 409 with every problem if it is not taken."""
    asked = await read_body(request, RollBack) if request.can_read_body else RollBack()
    why = check_reason(asked.reason) if asked.reason else ""
    changes = request.app[STATE].changes
    result = await changes.roll_back(_number(request), actor=request[ACTOR], why=why)
    return answer(reload_document(result), status=200 if result.taken else 409)


def _number(request: web.Request) -> int:
    return int(request.match_info["number"])


def generation_document(state: ControlState, row: GenerationRow) -> dict[str, object]:
    """A generation as it is listed."""
    current, generation = state.reloader.current, state.reloader.generation
    is_policy_in_force = generation is not None and generation.policy_digest == row.policy
    return {
        "number": row.number,
        "digest": row.digest,
        "policy": row.policy,
        "time": render_time(row.at),
        "actor": row.actor,
        "cause": row.cause.value,
        "why": row.why,
        "differences": list(row.differences),
        "effect": row.effect,
        "in_force": current is not None and current.number == row.number,
        "policy_in_force": is_policy_in_force,
        "can_roll_back": not is_policy_in_force and row.policy in state.reloader.policies.digests(),
    }


ROUTES = [
    web.get("/admin/v1/generations", generations),
    web.get(r"/admin/v1/generations/{number:[0-9]{1,15}}", generation),
    web.post(r"/admin/v1/generations/{number:[0-9]{1,15}}/roll-back", roll_back),
]
