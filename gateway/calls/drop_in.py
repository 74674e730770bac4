"""The addresses of secsipidx, answered in its place, or for a trial beside it.

In a trial (`[shadow]`) the secsipidx that answered until now is asked the same, at the same time. Its answer
is what the switch gets, so a trial changes nothing but the port; in what ours differs stands in a header, a
line of the log and a count. Where it does not answer in time the switch gets ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import uuid4

import structlog
from aiohttp import web

from gateway import telemetry
from gateway.calls.answering import Answer, Resource
from gateway.calls.dialects import secsipidx
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.plane import Current
from gateway.calls.road import AskedCall
from gateway.calls.service import CallService, at_prefix
from gateway.facts.tokens import Scope
from gateway.generation.trunks import Trunk
from gateway.verification.examine import SHAKEN_ONLY
from gateway.web.problems import Problem

_log = structlog.get_logger("callmark.shadow")


class DropIn:
    """The handlers of one worker."""

    def __init__(self, service: CallService) -> None:
        self._service = service

    def table(self, prefix: str) -> dict[str, Resource]:
        """The addresses under a trunk's prefix."""
        return {
            f"{prefix}/v1/check": at_prefix(self._check, prefix, secsipidx.SECSIPIDX),
            f"{prefix}/v1/sign-csv": at_prefix(self._sign_csv, prefix, secsipidx.SECSIPIDX),
        }

    async def _check(self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str) -> Answer:
        """`POST /v1/check`."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, started)
        ours = self._check_here(request, body, current, trunk, started)
        return await self._compared("check", body, ours, identifier)

    async def _sign_csv(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/sign-csv`."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_SIGN, prefix, started)
        ours = self._sign_here(request, body, current, trunk, started, identifier=identifier)
        return await self._compared("sign-csv", body, ours, identifier)

    async def _check_here(
        self, request: web.BaseRequest, body: bytes, current: Current, trunk: Trunk, started: float
    ) -> Answer:
        call, identity = secsipidx.parse_check(body, trunk, now=int(started))
        asked = AskedCall(call, trunk, (identity,), SHAKEN_ONLY, self._service.deadline())
        verification = await self._service.verify(request, current, asked, started)
        outcome = verification.outcome
        status, said = secsipidx.render_check(outcome)
        reason = {secsipidx.REASON_HEADER: outcome.finding.reason.code}
        return Answer(said, status=status, headers=reason, text_type=secsipidx.TEXT)

    async def _sign_here(
        self,
        request: web.BaseRequest,
        body: bytes,
        current: Current,
        trunk: Trunk,
        started: float,
        *,
        identifier: str,
    ) -> Answer:
        asked = secsipidx.parse_sign_csv(body, trunk.dialling, new_origid=str(uuid4()), now=int(started))
        identity, attest = self._service.sign(
            current=current, trunk=trunk, asked=asked, call_id=identifier, started=started, request=request
        )
        return Answer(f"{identity}\n", headers={"X-Attestation": attest}, text_type=secsipidx.TEXT)

    async def _compared(self, resource: str, body: bytes, ours: Awaitable[Answer], identifier: str) -> Answer:
        """Ours; in a trial the old one's, when it comes in time. Without a trial raises as `ours` does."""
        shadow = self._service.shadow
        if shadow is None:
            return await ours
        asking = asyncio.create_task(shadow.ask(f"/v1/{resource}", body))
        try:
            here = await ours
        except (RequestProblem, Problem) as problem:
            here = _refused(problem)
        there = await asking
        if there is None:
            telemetry.SHADOW.labels(resource, "no-answer").inc()
            return _beside(here, here.body, here.status, "no answer")
        found = secsipidx.differences(str(here.body), there.text)
        telemetry.SHADOW.labels(resource, "differs" if found else "same").inc()
        if found:
            reason = (here.headers or {}).get(secsipidx.REASON_HEADER)
            _log.info(
                "shadow differs", request_id=identifier, resource=resource, differences=found, reason=reason
            )
        status = 200 if there.is_ok else max(here.status, secsipidx.NOT_READ)
        return _beside(here, there.text, status, "; ".join(found) or "same")


def _refused(problem: RequestProblem | Problem) -> Answer:
    error = secsipidx.render_error(problem)
    return Answer(
        error.body.decode(), status=error.status, headers=dict(error.headers), text_type=secsipidx.TEXT
    )


def _beside(here: Answer, body: object, status: int, said: str) -> Answer:
    headers = {**(here.headers or {}), secsipidx.SHADOW_HEADER: said}
    return Answer(body, status=status, headers=headers, text_type=secsipidx.TEXT)
