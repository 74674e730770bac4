"""What every resource does between its dialect's request and its dialect's answer.

Credential and trunk, the road, the account: the same whatever form the request came in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from aiohttp import web

from gateway.calls.account import Account
from gateway.calls.answering import Answer, Resource
from gateway.calls.behind import AnsweredCall, Behind
from gateway.calls.dialects.dialect import Dialect
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.plane import Current, Plane
from gateway.calls.road import AskedCall, Judged, judge_call, numbers_abroad, verify_call
from gateway.calls.signing import (
    Signature,
    SignatureRequest,
    SigningRequest,
    sign_call,
    sign_each,
    usable_signer,
)
from gateway.facts.tokens import Scope
from gateway.fetch.shadow import Shadow
from gateway.generation.trunks import Trunk
from gateway.journal import CallEvents
from gateway.reasons import POLICY_ERROR
from gateway.verification.conclude import Verification
from gateway.web.problems import at
from gateway.web.traceparent import traceparent

KEPT_FOR_ANSWER_MS: Final = 5
"""Of a call's time: what is decided at the last moment has to be written and read yet."""

Handler = Callable[..., Awaitable[Answer]]
"""Called with the request, its body, the request id, and the path's `prefix` by name."""


def at_prefix(handler: Handler, prefix: str, dialect: Dialect) -> Resource:
    """The resource of this handler under a trunk's prefix."""
    return Resource(partial(handler, prefix=prefix), dialect)


class CallService:
    """One worker's; to be made inside its running loop."""

    def __init__(self, plane: Plane, account: Account) -> None:
        self._plane = plane
        self._account = account
        self._behind = Behind(plane, account)
        self._loop = asyncio.get_running_loop()

    async def close(self) -> None:
        """Judge and account for all that was answered; to be called when no more calls come."""
        await self._behind.close()

    def deadline(self, max_ms: int | None = None) -> float:
        """Until when a request is answered that came now (loop time); `max_ms` None where it names none."""
        if max_ms is None:
            max_ms = self._plane.deadline_ms
        return self._loop.time() + (max_ms - min(KEPT_FOR_ANSWER_MS, max_ms / 4)) / 1000

    @property
    def shadow(self) -> Shadow | None:
        """The secsipidx beside which the gateway is tried."""
        return self._plane.shadow

    def begin(self) -> tuple[float, Current]:
        """The time (epoch seconds) and the generation a request is answered by, each taken once."""
        return self._plane.clock(), self._plane.current

    def admit(
        self, request: web.BaseRequest, current: Current, scope: Scope, prefix: str, started: float
    ) -> tuple[Trunk, tuple[Trunk, ...]]:
        """The trunk a request speaks for, and all its credential opens. Raises Problem (401, 403, 503)."""
        return current.admission.trunk(
            request, scope=scope, prefix=prefix, tokens=self._plane.facts, now=int(started)
        )

    async def judge(
        self,
        request: web.BaseRequest,
        current: Current,
        asked: AskedCall,
        started: float,
        *,
        resource: str = "verdict",
    ) -> Judged:
        """Verify a call, judge it and account for it; `started` in epoch seconds."""
        began = time.perf_counter()
        judged = await judge_call(self._plane, current, asked)
        elapsed, parent = time.perf_counter() - began, traceparent(request.headers)
        self._behind.account(
            lambda: self._account.judged(
                resource=resource,
                current=current,
                asked=asked,
                judged=judged,
                started=started,
                elapsed=elapsed,
                traceparent=parent,
            )
        )
        return judged

    async def verify(
        self, request: web.BaseRequest, current: Current, asked: AskedCall, started: float
    ) -> Verification:
        """Verify a call; it is judged and accounted for behind the answer. `started` in epoch seconds."""
        if numbers_abroad(self._plane, current, asked):
            # Asked beside the signature's check and within the call's time, so that the answer waits for it.
            return (await self.judge(request, current, asked, started, resource="verification")).verification
        began = time.perf_counter()
        verification = await verify_call(self._plane, current, asked, now=int(started))
        elapsed = time.perf_counter() - began
        parent = traceparent(request.headers)
        self._behind.judge(AnsweredCall(current, asked, verification, started, elapsed, parent))
        return verification

    def sign(
        self,
        *,
        current: Current,
        trunk: Trunk,
        asked: SigningRequest,
        call_id: str,
        started: float,
        request: web.BaseRequest,
    ) -> tuple[str, str]:
        """Sign a call and account for it: the Identity header's value and the attestation given.

        Raises RequestProblem for a time out of the window (SVC4005) and for what policy refuses (POL0001).
        """
        began = time.perf_counter()
        now, freshness = int(started), current.verification.freshness_seconds
        if abs(asked.iat - now) > freshness:
            # RFC 8224 section 6.1 step 3: no PASSporT for a date outside the freshness window.
            raise RequestProblem.invalid("iat", f"more than {freshness} s from the gateway's clock")
        signer = usable_signer(current, iat=asked.iat, now=now)
        signed = sign_call(self._plane, current, request=asked, signer=signer, trunk=trunk)
        elapsed, parent = time.perf_counter() - began, traceparent(request.headers)
        self._behind.account(
            lambda: self._account.signed(
                call_id=call_id,
                current=current,
                trunk=trunk,
                request=asked,
                signed=signed,
                started=started,
                elapsed=elapsed,
                traceparent=parent,
            )
        )
        if signed.identity is None or signed.attest is None:
            raise RequestProblem(POLICY_ERROR, (signed.finding.reason.code,))
        return signed.identity, signed.attest

    def sign_each(
        self,
        *,
        current: Current,
        trunk: Trunk,
        asked: SignatureRequest,
        started: float,
        request: web.BaseRequest,
    ) -> tuple[Signature, ...]:
        """Sign PASSporTs of several types and account for them. Raises Problem and RequestProblem."""
        began = time.perf_counter()
        now, freshness = int(started), current.verification.freshness_seconds
        if abs(asked.call.time - now) > freshness:
            # RFC 8224 section 6.1 step 3, as above.
            raise at("/call/time", f"is more than {freshness} s from the gateway's clock")
        signer = usable_signer(current, iat=asked.call.time, now=now)
        signed = sign_each(self._plane, current, request=asked, signer=signer, trunk=trunk, now=now)
        elapsed, parent = time.perf_counter() - began, traceparent(request.headers)
        self._behind.account(
            lambda: self._account.signed_each(
                current=current,
                trunk=trunk,
                request=asked,
                signatures=signed,
                started=started,
                elapsed=elapsed,
                traceparent=parent,
            )
        )
        return signed

    def keep(self, events: CallEvents) -> bool:
        """Keep how calls ended; whether it is in the journal."""
        kept = self._plane.journal.keep(events)
        if kept:
            self._account.told(len(events.events))
        return kept
