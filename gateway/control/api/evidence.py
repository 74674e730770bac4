"""Evidence by HTTP: files taken in, numbers explained, all of it given out, Redis made anew.

A file is named by its path on this machine, and lines that are refused are quoted: over TCP that would let
whoever holds an operator's token read any file of the node's user, so imports begin at `control.sock` only.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    IS_SOCKET,
    STATE,
    answer,
    parameter_problem,
    read_day,
    read_document,
    read_whole,
)
from gateway.control.api.dispute_shapes import DisputeShape
from gateway.control.api.downloads import send_whole
from gateway.control.commands.disputes import release_number
from gateway.control.commands.documents import read_members, read_text
from gateway.control.commands.problems import CommandError
from gateway.control.commands.providers import scorecards_document
from gateway.control.commands.reputation import explain_number, explanation_document
from gateway.control.commands.sources import sources_document
from gateway.control.evidence.imports import IMPORT_JOB, import_work, parse_import_request, words_of_written
from gateway.control.evidence.sightings_csv import write_sightings
from gateway.control.jobs import Job
from gateway.web.problems import forbidden

CACHE_JOB: Final = "cache"


async def begin_import(request: web.Request) -> web.Response:
    """Begin to take a file in; 202 with where to ask how far it is."""
    if not request.app[IS_SOCKET]:
        raise forbidden(
            "A file is imported on the node's own machine: `callmark reputation import`, as its user."
        )
    state, asked = request.app[STATE], parse_import_request(await read_document(request))
    work = import_work(state, asked, actor=request[ACTOR])
    job = state.jobs.begin(IMPORT_JOB, work, actor=request[ACTOR])
    return answer(job.document(), status=202, location=f"/admin/v1/imports/{job.id}")


async def show_import(request: web.Request) -> web.Response:
    """How far it is: bytes, counts, refused lines."""
    return answer(request.app[STATE].jobs.find(IMPORT_JOB, request.match_info["job"]).document())


async def stop_import(request: web.Request) -> web.Response:
    """End it after the lines it is at; what was taken stays, and the next attempt goes on from there."""
    job = request.app[STATE].jobs.find(IMPORT_JOB, request.match_info["job"])
    request.app[STATE].jobs.stop(job)
    return answer(job.document(), status=202)


async def show_reputation(request: web.Request) -> web.Response:
    """Why a number is worth what it is, and what that leads to."""
    state = request.app[STATE]
    try:
        explained = await explain_number(
            state.record,
            request.match_info["tn"],
            rules=state.dialling(),
            generation=state.reloader.generation,
            now=int(time.time()),
        )
    except CommandError as error:
        raise parameter_problem("tn", error.problem) from None
    return answer(explanation_document(explained))


async def show_providers(request: web.Request) -> web.Response:
    """What providers' signatures have been worth."""
    document = await scorecards_document(
        request.app[STATE].record,
        provider=request.query.get("provider"),
        days=max(1, read_whole(request, "days", default=30, most=90)),
        now=int(time.time()),
    )
    return answer(document)


async def show_sources(request: web.Request) -> web.Response:
    """What became of the numbers that each source named, and what it weighs by that."""
    return answer(await sources_document(request.app[STATE].record))


async def release(request: web.Request) -> web.Response:
    """Let what was said of a number until today count no more; calls see it when this is answered."""
    state = request.app[STATE]
    members = read_members(await read_document(request), required=("tn", "reason"), optional=())
    released = await release_number(
        state.record,
        read_text(members, "tn"),
        read_text(members, "reason"),
        rules=state.dialling(),
        actor=request[ACTOR],
        now=int(time.time()),
    )
    await state.evidence.renew((released.dispute.tn,))
    return answer(DisputeShape.of_answered(released), status=201)


async def show_traffic(request: web.Request) -> web.Response:
    """What trunks and certificates did within the window."""
    state = request.app[STATE]
    policy = state.reloader.policy()
    sums = [
        {"kind": kind, "name": name, "calls": shape.calls, "ended": shape.ended, "short": shape.short}
        for kind, name, shape in state.traffic.sums()
    ]
    return answer(
        {"window_seconds": None if policy is None else policy.verdict.traffic.window_seconds, "traffic": sums}
    )


async def export(request: web.Request) -> web.StreamResponse:
    """Every sighting that counts from today on, or from `since` on, as a csv file that import reads."""
    day = read_day(request, "since") or datetime.now(UTC).date()
    pieces = write_sightings(request.app[STATE].record, since=day)
    headers = {"Content-Type": "text/csv; charset=utf-8"}
    return await send_whole(request, (each.encode() async for each in pieces), headers)


async def rebuild_cache(request: web.Request) -> web.Response:
    """Begin to make Redis anew; until it is whole, numbers not yet there answer unknown."""
    state = request.app[STATE]

    async def work(job: Job) -> None:
        job.step = "Redis"
        written = await state.evidence.rebuild(progress=lambda done: job.advance(done, 0))
        job.result = {"numbers": written, "redis": words_of_written(written)}

    job = state.jobs.begin(CACHE_JOB, work, actor=request[ACTOR])
    return answer(job.document(), status=202, location=f"/admin/v1/cache/rebuilds/{job.id}")


async def cache_rebuild(request: web.Request) -> web.Response:
    """How far it is."""
    return answer(request.app[STATE].jobs.find(CACHE_JOB, request.match_info["job"]).document())


ROUTES = [
    web.post("/admin/v1/imports", begin_import),
    web.get("/admin/v1/imports/{job:[0-9a-f]{16}}", show_import),
    web.delete("/admin/v1/imports/{job:[0-9a-f]{16}}", stop_import),
    web.get("/admin/v1/sightings", export),
    web.get("/admin/v1/providers", show_providers),
    web.get("/admin/v1/sources", show_sources),
    web.get("/admin/v1/traffic", show_traffic),
    web.get("/admin/v1/reputation/{tn}", show_reputation),
    web.post("/admin/v1/releases", release),
    web.post("/admin/v1/cache/rebuilds", rebuild_cache),
    web.get("/admin/v1/cache/rebuilds/{job:[0-9a-f]{16}}", cache_rebuild),
]
