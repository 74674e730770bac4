"""The candidate policy by HTTP: have one run beside the one in force, see how it differs, end it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import msgspec
from aiohttp import web

from gateway.control.api.asking import (
    ACTOR,
    IS_OPERATOR,
    IS_SOCKET,
    STATE,
    answer,
    problem_document,
    read_body,
)
from gateway.control.api.call_documents import in_full, preview_document, redacted
from gateway.control.commands.documents import render_time
from gateway.control.reloading.files import read_policy_files
from gateway.control.state import ControlState
from gateway.generation.problem import Problem as Mistake
from gateway.generation.texts import OPTIONAL_FILES, POLICY_FILES
from gateway.record.audit import append_audit
from gateway.web import problems
from gateway.web.problems import Problem, at


class NewCandidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Policy files by name; those left out are the ones in force."""

    files: dict[str, str] | None = None
    directory: str | None = None
    """A configuration directory instead; by `control.sock` only."""


async def start(request: web.Request) -> web.Response:
    """Have a policy run beside the one in force, in place of one that ran; 409 with every problem of it."""
    state, asked = request.app[STATE], await read_body(request, NewCandidate)
    files = await _files(request, asked)
    async with state.candidate.changing:
        if not isinstance(files, list):
            try:
                files = await asyncio.to_thread(state.candidate.start, files, actor=request[ACTOR]) or files
            except OSError as error:
                raise Problem(503, "disk-unavailable", "It cannot be kept.", str(error.strerror)) from None
        if isinstance(files, list):
            return answer({"problems": [problem_document(each) for each in files]}, status=409)
        await _audit(state, request[ACTOR], "candidate.start", state.candidate.digest)
        return answer(_document(request), status=201)


async def show(request: web.Request) -> web.Response:
    """How it differs; 404 while none runs."""
    if request.app[STATE].candidate.started is None:
        raise problems.not_found(request.path)
    return answer(_document(request))


async def stop(request: web.Request) -> web.Response:
    """End it, with what it found."""
    state = request.app[STATE]
    async with state.candidate.changing:
        if state.candidate.started is None:
            raise problems.not_found(request.path)
        document, digest = _document(request), state.candidate.digest
        await asyncio.to_thread(state.candidate.stop)
        await _audit(state, request[ACTOR], "candidate.stop", digest)
        return answer(document)


async def _files(request: web.Request, asked: NewCandidate) -> Mapping[str, bytes] | list[Mistake]:
    if (asked.files is None) == (asked.directory is None):
        raise at("", "either files or directory is needed, and not both")
    if asked.directory is not None:
        if not request.app[IS_SOCKET]:
            raise at("/directory", "is read for whoever comes by control.sock only; send the files")
        return await asyncio.to_thread(read_policy_files, Path(asked.directory))
    files = asked.files or {}
    for name in files:
        if name not in (*POLICY_FILES, *OPTIONAL_FILES):
            raise at("/files", f"the policy has the files {', '.join((*POLICY_FILES, *OPTIONAL_FILES))}")
    return {name: text.encode() for name, text in files.items()}


def _document(request: web.Request) -> dict[str, object]:
    state = request.app[STATE]
    candidate, policy = state.candidate, state.reloader.policy()
    limit_percent = 0.0 if policy is None else policy.reload.most_newly_blocked_percent
    started = candidate.started
    return {
        "policy": candidate.digest,
        "started": None if started is None else render_time(started.at),
        "actor": None if started is None else started.actor,
        "differences": [asdict(each) for each in candidate.differences()],
        **preview_document(candidate.found(), limit_percent, in_full if request[IS_OPERATOR] else redacted),
    }


async def _audit(state: ControlState, actor: str, action: str, digest: str) -> None:
    async with state.record.write() as transaction:
        await append_audit(
            transaction,
            at=int(time.time()),
            actor=actor,
            action=action,
            subject=f"policy:{digest}",
            detail={},
        )


ROUTES = [
    web.get("/admin/v1/candidate", show),
    web.post("/admin/v1/candidate", start),
    web.delete("/admin/v1/candidate", stop),
]
