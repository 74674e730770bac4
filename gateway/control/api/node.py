"""The node by HTTP: health, metrics, generations, and what it publishes of itself."""

from __future__ import annotations

import time
from dataclasses import asdict

from aiohttp import web

from gateway import telemetry
from gateway.control.api.asking import ACTOR, STATE, answer, parameter_problem, problem_document
from gateway.control.reloading.preview import Preview
from gateway.control.reloading.reloaded import Reloaded


async def livez(request: web.Request) -> web.Response:
    """Alive: the loop answers."""
    del request
    return answer({"status": "alive"})


async def readyz(request: web.Request) -> web.Response:
    """Ready when calls are answered by all of their evidence; 503 only when no call is answered at all."""
    state = request.app[STATE]
    reasons = state.not_whole(now=int(time.time()))
    if not state.any_worker_ready():
        return answer({"status": "unavailable", "reasons": reasons}, status=503)
    return answer({"status": "degraded" if reasons else "ready", "reasons": reasons})


async def metrics(request: web.Request) -> web.Response:
    """Every process's counters, for Prometheus."""
    request.app[STATE].measure()
    body, content_type = telemetry.render_metrics()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def reload(request: web.Request) -> web.Response:
    """Read the configuration again; 409 with every problem when it is not taken."""
    result = await request.app[STATE].changes.reload(
        actor=request[ACTOR],
        accept_shrink=_is_set(request, "accept_shrink"),
        override=_is_set(request, "override"),
    )
    return answer(reload_document(result), status=200 if result.taken else 409)


def _is_set(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "false")
    if text not in {"true", "false"}:
        raise parameter_problem(name, "must be true or false")
    return text == "true"


def reload_document(result: Reloaded) -> dict[str, object]:
    """What became of a reload, as the API and `callmark reload --json` answer it."""
    return {
        "taken": result.taken,
        "unchanged": result.unchanged,
        "generation": result.number,
        "digest": result.digest,
        "milliseconds": dict(result.milliseconds),
        "workers": [dict(worker) for worker in result.workers],
        "needs_restart": list(result.needs_restart),
        "policy_rolled_back": result.held_back,
        "differences": [asdict(each) for each in result.differences],
        "effect": None if result.effect is None else effect_document(result.effect),
        "problems": [problem_document(each) for each in result.problems],
    }


def effect_document(effect: Preview) -> dict[str, object]:
    """What it would have made of the recent calls, in counts."""
    return {"calls": effect.calls, "changed": effect.changed, "newly_blocked": effect.newly_blocked}


async def generation(request: web.Request) -> web.Response:
    """Which generation is in force, and how the workers stand."""
    return answer(request.app[STATE].generation_document())


async def certificates(request: web.Request) -> web.Response:
    """The chains this node publishes, by the path of their x5u: now, and lately."""
    chains = request.app[STATE].published.chains
    return answer(
        {
            "certificates": [
                {"path": path, "pem": pem.decode("ascii", "replace")} for path, pem in chains.items()
            ]
        }
    )


ROUTES = [
    web.get("/livez", livez),
    web.get("/readyz", readyz),
    web.get("/metrics", metrics),
    web.post("/admin/v1/reload", reload),
    web.get("/admin/v1/generation", generation),
    web.get("/admin/v1/certificates", certificates),
]
