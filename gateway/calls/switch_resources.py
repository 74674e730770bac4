"""The addresses of the dialects that switches already speak: 3GPP's and the dialplan's.

Each handler is its counterpart in `resources.py` with another dialect at both ends; secsipidx's addresses
are in `drop_in.py`.
"""

from __future__ import annotations

from uuid import uuid4

from aiohttp import web

from gateway.calls.answering import Answer, Resource
from gateway.calls.dialects import dialplan, ms
from gateway.calls.dialects.problem import RequestProblem
from gateway.calls.drop_in import DropIn
from gateway.calls.plane import Current
from gateway.calls.road import AskedCall
from gateway.calls.service import CallService, at_prefix
from gateway.calls.signing import SignatureRequest, SigningRequest
from gateway.facts.tokens import Scope
from gateway.generation.trunks import Trunk
from gateway.reasons import POLICY_ERROR
from gateway.verification.examine import EVERY_TYPE


class SwitchResources:
    """The handlers of one worker."""

    def __init__(self, service: CallService) -> None:
        self._service = service
        self._drop_in = DropIn(service)

    def table(self, prefix: str) -> dict[str, Resource]:
        """The addresses under a trunk's prefix."""
        return {
            f"{prefix}/3gpp/stir/v1/signing": at_prefix(self._ms_signing, prefix, ms.MS),
            f"{prefix}/3gpp/stir/v1/verification": at_prefix(self._ms_verification, prefix, ms.MS),
            f"{prefix}/dialplan/v1/verdicts": at_prefix(self._dialplan_verdict, prefix, dialplan.DIALPLAN),
            f"{prefix}/dialplan/v1/signatures": at_prefix(
                self._dialplan_signature, prefix, dialplan.DIALPLAN
            ),
            **self._drop_in.table(prefix),
        }

    async def _ms_verification(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /3gpp/stir/v1/verification` (TS 24.229 Annex V)."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, started)
        asked = ms.parse_verification(body, trunk, identifier=identifier)
        call = AskedCall(asked.call, trunk, asked.identities, EVERY_TYPE, self._service.deadline())
        verification = await self._service.verify(request, current, call, started)
        return Answer(ms.render_verification(verification, asked.request_id))

    async def _ms_signing(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /3gpp/stir/v1/signing` (TS 24.229 Annex V)."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_SIGN, prefix, started)
        asked = ms.parse_signing(body, trunk, identifier=identifier, new_origid=str(uuid4()))
        if isinstance(asked.request, SigningRequest):
            identity, attest = self._service.sign(
                current=current,
                trunk=trunk,
                asked=asked.request,
                call_id=asked.request_id or identifier,
                started=started,
                request=request,
            )
            headers = {"X-Attestation": attest}
        else:
            identity, headers = self._sign_one(request, current, trunk, asked.request, started), {}
        return Answer(ms.render_signing(identity, asked.request_id), headers=headers)

    async def _dialplan_verdict(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /dialplan/v1/verdicts`."""
        started, current = self._service.begin()
        chosen, own = self._service.admit(request, current, Scope.CALL_VERIFY, prefix, started)
        asked = dialplan.parse_verdict(body)
        trunk = current.admission.named(asked.trunk, chosen=chosen, own=own)
        deadline = self._service.deadline(asked.max_ms)
        call = asked.on(trunk, identifier=identifier, now=int(started))
        judged = await self._service.judge(
            request, current, AskedCall(call, trunk, asked.identities, EVERY_TYPE, deadline), started
        )
        said = dialplan.render_verdict(judged.verdict, judged.verification, generation=current.number)
        return _lines(request, said)

    async def _dialplan_signature(
        self, request: web.BaseRequest, body: bytes, identifier: str, *, prefix: str
    ) -> Answer:
        """`POST /dialplan/v1/signatures`."""
        started, current = self._service.begin()
        trunk, _ = self._service.admit(request, current, Scope.CALL_SIGN, prefix, started)
        call_id, asked = dialplan.parse_signature(
            body, trunk, identifier=identifier, new_origid=str(uuid4()), now=int(started)
        )
        if isinstance(asked, SigningRequest):
            identity, attest = self._service.sign(
                current=current, trunk=trunk, asked=asked, call_id=call_id, started=started, request=request
            )
            return _lines(request, dialplan.render_signing(identity, attest))
        return _lines(
            request, dialplan.render_signing(self._sign_one(request, current, trunk, asked, started))
        )

    def _sign_one(
        self,
        request: web.BaseRequest,
        current: Current,
        trunk: Trunk,
        asked: SignatureRequest,
        started: float,
    ) -> str:
        """The header of a request for one type. Raises RequestProblem when policy refuses it."""
        (signed,) = self._service.sign_each(
            current=current, trunk=trunk, asked=asked, started=started, request=request
        )
        if signed.identity is None:
            raise RequestProblem(POLICY_ERROR, (signed.finding.reason.code,))
        return signed.identity


def _lines(request: web.BaseRequest, said: dict[str, str]) -> Answer:
    media_type, text = dialplan.render_text(said, request.headers.get("Accept"))
    return Answer(text, headers=dialplan.render_headers(said), text_type=media_type)
