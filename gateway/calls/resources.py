"""The call plane's addresses: what each does between its dialect and the road.

A handler reads top to bottom: credential and trunk, body, road, account, answer. The table is made anew
with each generation, because trunks choose their own prefixes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from aiohttp import web

from gateway.calls.account import Account
from gateway.calls.answering import Answer, Resource
from gateway.calls.dialects import atis, call_events, signatures, verdicts
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.plane import Current, Plane
from gateway.calls.road import Judged, verify_call
from gateway.calls.signing import sign_call, sign_each, usable_signer
from gateway.facts.tokens import Scope
from gateway.generation.trunks import Trunk
from gateway.journal import CallEvents
from gateway.passport.ppt import Ppt
from gateway.reasons import POLICY_ERROR
from gateway.verdicts.call import Call
from gateway.verification.examine import EVERY_TYPE, SHAKEN_ONLY, VerificationRequest
from gateway.web.ndjson import NDJSON, read_lines
from gateway.web.problems import JSON, Problem, at

Handler = Callable[..., Awaitable[Answer]]
"""Called with the request, its body, the request id, and the path's `prefix` by name."""

READY: Final = Answer({"status": "ready"})
HEALTH: Final = ("GET", "HEAD")


class CallResources:
    """The handlers of one worker."""

    def __init__(self, plane: Plane, account: Account) -> None:
        self._plane = plane
        self._account = account
        self.is_draining = False

    def table(self, current: Current) -> Mapping[str, Resource]:
        """Every address of this generation."""
        table = {
            "/livez": Resource(self._livez, is_atis=False, methods=HEALTH),
            "/readyz": Resource(self._readyz, is_atis=False, methods=HEALTH),
        }
        for prefix in {"", *(trunk.url_prefix for trunk in current.generation.policy.trunks)}:
            table[f"{prefix}/stir/v1/signing"] = _resource(self._signing, prefix, is_atis=True)
            table[f"{prefix}/stir/v1/verification"] = _resource(self._verification, prefix, is_atis=True)
            table[f"{prefix}/v1/verdicts"] = _resource(self._verdicts, prefix, is_atis=False)
            table[f"{prefix}/v1/call-events"] = _resource(
                self._call_events, prefix, is_atis=False, media=NDJSON
            )
            table[f"{prefix}/v1/signatures"] = _resource(self._signatures, prefix, is_atis=False)
        return table

    async def _verification(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /stir/v1/verification` (ATIS-1000082): the whole road, answered with the verstat alone."""
        started, current = self._plane.clock(), self._plane.current
        trunk, _ = self._admit(request, current, Scope.CALL_VERIFY, prefix, started)
        asked = atis.parse_verification(body, trunk.dialling)
        call = _atis_call(asked, identifier, trunk)
        judged = await self._judge(
            resource="verification",
            current=current,
            trunk=trunk,
            call=call,
            identities=(asked.identity,),
            accepted=SHAKEN_ONLY,
            max_ms=self._plane.deadline_ms,
            started=started,
        )
        return Answer(atis.render_verification(judged.verification.outcome))

    async def _verdicts(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/verdicts`: everything the gateway has to say of a call."""
        del identifier
        began = time.perf_counter()
        started, current = self._plane.clock(), self._plane.current
        chosen, own = self._admit(request, current, Scope.CALL_VERIFY, prefix, started)
        shape = verdicts.parse_body(body)
        trunk = current.admission.named(shape.trunk, chosen=chosen, own=own)
        asked = shape.on(trunk)
        max_ms = self._plane.deadline_ms if asked.max_ms is None else asked.max_ms
        judged = await self._judge(
            resource="verdict",
            current=current,
            trunk=trunk,
            call=asked.call,
            identities=asked.identities,
            accepted=EVERY_TYPE,
            max_ms=max_ms,
            started=started,
        )
        return Answer(
            verdicts.render_verdict(
                judged.verdict,
                judged.verification,
                elapsed_ms=(time.perf_counter() - began) * 1000,
                generation=current.number,
                explain=request.query.get("explain") == "1",
            )
        )

    async def _signing(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /stir/v1/signing` (ATIS-1000082)."""
        began = time.perf_counter()
        started, current = self._plane.clock(), self._plane.current
        trunk, _ = self._admit(request, current, Scope.CALL_SIGN, prefix, started)
        asked = atis.parse_signing(body, trunk.dialling)
        now, freshness = int(started), current.verification.freshness_seconds
        if abs(asked.iat - now) > freshness:
            # RFC 8224 section 6.1 step 3: no PASSporT for a date outside the freshness window.
            raise RequestProblem.invalid("iat", f"more than {freshness} s from the gateway's clock")
        signer = usable_signer(current, iat=asked.iat, now=now)
        signed = sign_call(self._plane, current, request=asked, signer=signer, trunk=trunk)
        self._account.signed(
            call_id=identifier,
            current=current,
            trunk=trunk,
            request=asked,
            signed=signed,
            started=started,
            elapsed=time.perf_counter() - began,
        )
        if signed.identity is None or signed.attest is None:
            raise RequestProblem(POLICY_ERROR, (signed.finding.reason.code,))
        return Answer(atis.render_signing(signed.identity), headers={"X-Attestation": signed.attest.value})

    async def _call_events(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/call-events`: how calls ended; what is accepted is in the journal."""
        del identifier
        now, current = self._plane.clock(), self._plane.current
        chosen, own = self._admit(request, current, Scope.CALL_VERIFY, prefix, now)

        def named(name: str | None) -> Trunk | None:
            trunk = current.admission.named(name, chosen=chosen, own=own)
            return trunk if name in (None, trunk.name) else None

        events = await read_lines(body, call_events.line_reader(named, now=now))
        if not self._plane.journal.keep(CallEvents(time=now, events=tuple(events))):
            raise Problem(
                503,
                "journal-unavailable",
                "The journal takes nothing at the moment; send the batch again.",
                headers={"Retry-After": "5"},
            )
        self._account.told(len(events))
        return Answer({"accepted": len(events)}, status=202)

    async def _signatures(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/signatures`: PASSporTs of several types for one call."""
        del identifier
        began = time.perf_counter()
        started, current = self._plane.clock(), self._plane.current
        chosen, own = self._admit(request, current, Scope.CALL_SIGN, prefix, started)
        shape = signatures.parse_body(body)
        trunk = current.admission.named(shape.trunk, chosen=chosen, own=own)
        asked = shape.on(trunk)
        now, freshness = int(started), current.verification.freshness_seconds
        if abs(asked.call.time - now) > freshness:
            # RFC 8224 section 6.1 step 3, as above.
            raise at("/call/time", f"is more than {freshness} s from the gateway's clock")
        signer = usable_signer(current, iat=asked.call.time, now=now)
        signed = sign_each(self._plane, current, request=asked, signer=signer, trunk=trunk, now=now)
        self._account.signed_each(
            current=current,
            trunk=trunk,
            request=asked,
            signatures=signed,
            started=started,
            elapsed=time.perf_counter() - began,
        )
        return Answer(signatures.render_signatures(signed, asked, generation=current.number))

    async def _livez(self, request: web.BaseRequest, body: bytes, identifier: str) -> Answer:
        """Alive: the loop answers."""
        del request, body, identifier
        return Answer({"status": "alive"})

    async def _readyz(self, request: web.BaseRequest, body: bytes, identifier: str) -> Answer:
        """Ready unless draining: a gateway without Redis is worth more in rotation than out of it."""
        del request, body, identifier
        if self.is_draining:
            return Answer({"status": "draining"}, status=503)
        return READY

    def _admit(
        self, request: web.BaseRequest, current: Current, scope: Scope, prefix: str, started: float
    ) -> tuple[Trunk, tuple[Trunk, ...]]:
        return current.admission.trunk(
            request, scope=scope, prefix=prefix, tokens=self._plane.facts, now=int(started)
        )

    async def _judge(
        self,
        *,
        resource: str,
        current: Current,
        trunk: Trunk,
        call: Call,
        identities: tuple[str, ...],
        accepted: frozenset[Ppt],
        max_ms: int,
        started: float,
    ) -> Judged:
        began = time.perf_counter()
        deadline = asyncio.get_running_loop().time() + max_ms / 1000
        judged = await verify_call(
            self._plane,
            current,
            call=call,
            identities=identities,
            accepted=accepted,
            trunk=trunk,
            deadline=deadline,
        )
        self._account.judged(
            resource=resource,
            current=current,
            trunk=trunk,
            call=call,
            identities=identities,
            judged=judged,
            started=started,
            elapsed=time.perf_counter() - began,
        )
        return judged


def _resource(handler: Handler, prefix: str, *, is_atis: bool, media: str = JSON) -> Resource:
    return Resource(partial(handler, prefix=prefix), is_atis=is_atis, media=media)


def _atis_call(asked: VerificationRequest, identifier: str, trunk: Trunk) -> Call:
    """The call behind a `verificationRequest`, which has no id of its own: the request's stands for it."""
    return Call(
        id=identifier,
        trunk=trunk.name,
        trunk_kind=trunk.kind,
        time=asked.time,
        orig=asked.orig,
        network_tn=None,
        dests=tuple(sorted(asked.dests)),
    )
