"""The call plane's addresses: what each does between its dialect and the road.

A handler reads top to bottom: credential and trunk, body, road, answer. The table is made anew with each
generation, because trunks choose their own prefixes. Here: the standard's addresses and the gateway's own;
those of the other dialects are in `switch_resources.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from gateway.calls.answering import Answer, Resource
from gateway.calls.dialects import atis, call_events, own, signatures, verdicts
from gateway.calls.plane import Current
from gateway.calls.road import AskedCall
from gateway.calls.service import CallService, at_prefix
from gateway.calls.switch_resources import SwitchResources
from gateway.facts.tokens import Scope
from gateway.generation.trunks import Trunk
from gateway.journal import CallEvents
from gateway.verification.examine import EVERY_TYPE, SHAKEN_ONLY
from gateway.web.ndjson import read_lines
from gateway.web.problems import Problem

READY: Final = Answer({"status": "ready"})
HEALTH: Final = ("GET", "HEAD")


class CallResources:
    """The handlers of one worker."""

    def __init__(self, service: CallService) -> None:
        self._service = service
        self._switches = SwitchResources(service)
        self.is_draining = False

    def table(self, current: Current) -> Mapping[str, Resource]:
        """Every address of this generation."""
        table = {
            "/livez": Resource(self._livez, own.OWN, methods=HEALTH),
            "/readyz": Resource(self._readyz, own.OWN, methods=HEALTH),
        }
        for prefix in {"", *(trunk.url_prefix for trunk in current.generation.policy.trunks)}:
            others = self._switches.table(prefix)
            table |= others
            signing, verification = f"{prefix}/stir/v1/signing", f"{prefix}/stir/v1/verification"
            table[signing] = replace(
                at_prefix(self._signing, prefix, atis.ATIS), bare=others[f"{prefix}/3gpp/stir/v1/signing"]
            )
            table[verification] = replace(
                at_prefix(self._verification, prefix, atis.ATIS),
                bare=others[f"{prefix}/3gpp/stir/v1/verification"],
            )
            table[f"{prefix}/v1/verdicts"] = at_prefix(self._verdicts, prefix, own.OWN)
            table[f"{prefix}/v1/call-events"] = at_prefix(self._call_events, prefix, own.OWN_LINES)
            table[f"{prefix}/v1/signatures"] = at_prefix(self._signatures, prefix, own.OWN)
        return table

    async def _verification(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /stir/v1/verification` (ATIS-1000082): the whole road, of which the verstat is answered."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, started)
        call, identity = atis.parse_verification(body, trunk, identifier=identifier)
        asked = AskedCall(call, trunk, (identity,), SHAKEN_ONLY, self._service.deadline())
        verification = await self._service.verify(request, current, asked, started)
        return Answer(atis.render_verification(verification.outcome))

    async def _verdicts(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/verdicts`: everything the gateway has to say of a call."""
        del identifier
        began = time.perf_counter()
        started, current = self._service.begin()
        chosen, own_trunks = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, started)
        shape = verdicts.parse_body(body)
        trunk = current.admission.named(shape.trunk, chosen=chosen, own=own_trunks)
        asked = shape.on(trunk)
        deadline = self._service.deadline(asked.max_ms)
        call = AskedCall(asked.call, trunk, asked.identities, EVERY_TYPE, deadline)
        judged = await self._service.judge(request, current, call, started)
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
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_SIGN, prefix, started)
        asked = atis.parse_signing(body, trunk.dialling)
        identity, attest = self._service.sign(
            current=current, trunk=trunk, asked=asked, call_id=identifier, started=started, request=request
        )
        return Answer(atis.render_signing(identity), headers={"X-Attestation": attest})

    async def _call_events(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/call-events`: how calls ended; what is accepted is in the journal."""
        del identifier
        now, current = self._service.begin()
        chosen, own_trunks = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, now)

        def named(name: str | None) -> Trunk | None:
            trunk = current.admission.named(name, chosen=chosen, own=own_trunks)
            return trunk if name in (None, trunk.name) else None

        events = await read_lines(body, call_events.line_reader(named, now=now))
        if not self._service.keep(CallEvents(time=now, events=tuple(events))):
            raise Problem(
                503,
                "journal-unavailable",
                "The journal takes nothing at the moment; send the batch again.",
                headers={"Retry-After": "5"},
            )
        return Answer({"accepted": len(events)}, status=202)

    async def _signatures(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /v1/signatures`: PASSporTs of several types for one call."""
        del identifier
        started, current = self._service.begin()
        chosen, own_trunks = self._service.admit(request, current, Scope.CALL_SIGN, prefix, started)
        shape = signatures.parse_body(body)
        trunk = current.admission.named(shape.trunk, chosen=chosen, own=own_trunks)
        asked = shape.on(trunk)
        signed = self._service.sign_each(
            current=current, trunk=trunk, asked=asked, started=started, request=request
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
