"""Complaints by HTTP: `POST /v1/reports`, for tokens that may report and for nothing else."""

from __future__ import annotations

import time

from aiohttp import web

from gateway.control.api.asking import ACTOR, STATE, answer
from gateway.control.evidence.reports import line_reader, take_reports
from gateway.web.ndjson import NDJSON, read_lines
from gateway.web.problems import Problem


async def report(request: web.Request) -> web.Response:
    """Take complaints into the record; calls see them within a second."""
    state, now = request.app[STATE], time.time()
    if request.content_type != NDJSON:
        raise Problem(415, "unsupported-media-type", "The body is of another type.", f"Send it as {NDJSON}.")
    reports = await read_lines(await request.read(), line_reader(rules=state.dialling(), now=now))
    taken = await take_reports(
        state.record,
        state.traffic.recent,
        state.reloader.policy(),
        reports,
        reporter=request[ACTOR].rpartition(":")[2],
        reporters=state.traffic.reporters,
    )
    state.traffic.scorekeeper.complained(taken.fingerprints, now=now)
    await state.traffic.write_scorecards()
    await state.evidence.renew(taken.numbers)
    return answer({"accepted": taken.accepted, "matched": taken.matched, "new": taken.new}, status=202)


ROUTES = [web.post("/v1/reports", report)]
