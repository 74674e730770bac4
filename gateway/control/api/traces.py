"""Tracing calls back by HTTP: a search through the whole journal, what it found, and the signed evidence.

A search is a job: it reads all that the journal holds, which is gigabytes at most. Operators see numbers and
may have the evidence; auditors see what was found, without numbers.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Annotated, Final

import msgspec
from aiohttp import web

from gateway.control.api.asking import ACTOR, IS_OPERATOR, STATE, answer, read_body
from gateway.control.api.call_documents import Shown, call_document, in_full, redacted
from gateway.control.jobs import Job
from gateway.control.tracing.bundle import moment
from gateway.control.tracing.evidence_key import EvidenceKeyError
from gateway.control.tracing.search import MOST_FOUND, Found, TraceSought, search
from gateway.control.tracing.traceback_csv import traceback_csv
from gateway.control.tracing.traces import Trace, note_export, signed_bundle
from gateway.numbers.canonical import DiallingRules, NumberError, canonical
from gateway.web.problems import Problem, at, forbidden, not_found

TRACE_JOB: Final = "trace"
JWS: Final = "application/jose"
_FINGERPRINT: Final = re.compile(r"[0-9A-Fa-f:]{16,95}")
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
_Time = Annotated[float, msgspec.Meta(ge=0, le=2**33)]


class TraceShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to search for; at least one of the members that name something. Times are epoch seconds."""

    number: _Text | None = None
    begins: _Time | None = msgspec.field(default=None, name="from")
    ends: _Time | None = msgspec.field(default=None, name="until")
    origid: _Text | None = None
    trunk: _Text | None = None
    certificate: _Text | None = None
    call_id: _Text | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_FOUND)] = 100


def sought_of(shape: TraceShape, rules: DiallingRules) -> TraceSought:
    """What is meant. Raises Problem with the place of what is wrong."""
    if all(getattr(shape, name) is None for name in shape.__struct_fields__ if name != "limit"):
        raise at(
            "", "names nothing to search for: a number, a time, an origid, a trunk, a certificate or a call"
        )
    if shape.begins is not None and shape.ends is not None and shape.begins > shape.ends:
        raise at("/until", "lies before from")
    if shape.certificate is not None and _FINGERPRINT.fullmatch(shape.certificate) is None:
        raise at("/certificate", "is not a SHA-256 fingerprint in hex, or its first 16 digits or more")
    try:
        tn = None if shape.number is None else canonical(shape.number, rules)
    except NumberError as error:
        raise at("/number", error.problem) from None
    return TraceSought(
        tn=tn,
        begins=shape.begins,
        ends=shape.ends,
        origid=shape.origid,
        trunk=shape.trunk,
        fingerprint=None if shape.certificate is None else shape.certificate.replace(":", "").lower(),
        call_id=shape.call_id,
    )


def found_document(found: Found, shown: Shown) -> dict[str, object]:
    """What a search found, for whoever may see numbers and for whoever may not."""
    return {
        "fitting": found.fitting,
        "journal_begins": None if found.begins is None else moment(found.begins),
        "calls": [call_document(record, shown) for record in found.records],
    }


async def begin(request: web.Request) -> web.Response:
    """Begin a search; 202 with where to ask how far it is."""
    state = request.app[STATE]
    shape = await read_body(request, TraceShape)
    sought = sought_of(shape, state.dialling())
    loop = asyncio.get_running_loop()

    async def work(job: Job) -> None:
        job.step = "journal"

        def advance(done: int, total: int) -> None:
            job.advance(done, total)

        found = await loop.run_in_executor(
            None, lambda: search(state.journal_directory, sought, limit=shape.limit, advance=advance)
        )
        state.traces.keep(job.id, Trace(sought, found))
        job.result = {"id": job.id, "fitting": found.fitting, "kept": len(found.records)}

    job = state.jobs.begin(TRACE_JOB, work, actor=request[ACTOR])
    return answer(job.document(), status=202, location=f"/admin/v1/traces/{job.id}")


async def listed(request: web.Request) -> web.Response:
    """The searches whose findings are still kept, the newest first."""
    return answer({"traces": list(request.app[STATE].traces.ids())})


async def show(request: web.Request) -> web.Response:
    """How far a search is, and what it found."""
    state, name = request.app[STATE], request.match_info["job"]
    job, trace = state.jobs.find(TRACE_JOB, name), state.traces.find(name)
    found = {} if trace is None else found_document(trace.found, _shown(request))
    return answer({**job.document(), **found})


async def stop(request: web.Request) -> web.Response:
    """End a search."""
    job = request.app[STATE].jobs.find(TRACE_JOB, request.match_info["job"])
    request.app[STATE].jobs.stop(job)
    return answer(job.document(), status=202)


async def evidence(request: web.Request) -> web.Response:
    """The evidence of what was found as one signed file; the audit keeps who had it, and its digest."""
    trace, state = _finished(request), request.app[STATE]
    if not request[IS_OPERATOR]:
        raise forbidden("Evidence holds numbers as they came: it needs the scope operator.")
    now = int(time.time())
    try:
        signed = await asyncio.to_thread(
            signed_bundle,
            trace,
            data=state.data_directory,
            chains=state.chains_directory,
            generation=state.reloader.generation,
            now=now,
        )
    except (EvidenceKeyError, OSError) as error:
        raise Problem(503, "no-evidence-key", "Evidence cannot be signed now.", str(error)) from error
    await note_export(state.record, trace, signed, actor=request[ACTOR], now=now)
    return web.Response(
        body=signed.data, content_type=JWS, headers={"X-Callmark-Evidence-Signer": signed.signer}
    )


async def spreadsheet(request: web.Request) -> web.Response:
    """What was found as rows for a traceback."""
    trace = _finished(request)
    text = traceback_csv(trace.found.records, _shown(request))
    return web.Response(text=text, content_type="text/csv", charset="utf-8")


def _finished(request: web.Request) -> Trace:
    trace = request.app[STATE].traces.find(request.match_info["job"])
    if trace is None:
        raise not_found(request.path)
    return trace


def _shown(request: web.Request) -> Shown:
    return in_full if request[IS_OPERATOR] else redacted


ROUTES = [
    web.post("/admin/v1/traces", begin),
    web.get("/admin/v1/traces", listed),
    web.get("/admin/v1/traces/{job:[0-9a-f]{16}}", show),
    web.delete("/admin/v1/traces/{job:[0-9a-f]{16}}", stop),
    web.get("/admin/v1/traces/{job:[0-9a-f]{16}}/evidence", evidence),
    web.get("/admin/v1/traces/{job:[0-9a-f]{16}}/csv", spreadsheet),
]
