"""`POST /v1/verdicts`: the gateway's own form, in which a switch says all it knows and hears all there is."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from gateway.calls.dialects.call_body import CallBody, read_body
from gateway.generation.trunks import Trunk
from gateway.numbers.canonical import to_e164
from gateway.passport.plain_json import PlainReader, quotes_within
from gateway.passport.ppt import Ppt
from gateway.reasons import Finding, Reason
from gateway.verdicts.call import Call
from gateway.verdicts.decide import not_applied
from gateway.verdicts.verdict import Hit, Verdict
from gateway.verification.conclude import Verification
from gateway.verification.reason_header import reason_values
from gateway.verification.rich import ProvenData


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    call: CallBody
    max_ms: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None


def _count_quotes(body: _Body) -> int:
    """Those of the members that most calls have; a request with others is read the longer way."""
    call = body.call
    strings = (
        6
        + len(call.to.tn)
        + (3 if call.caller else 0)
        + (3 if call.pai else 0)
        + (1 + len(call.identity) if call.identity else 0)
        + (2 if call.request_uri is not None else 0)
        + (2 if call.trunk is not None else 0)
        + (1 if call.anonymous else 0)
        + (1 if body.max_ms is not None else 0)
    )
    return 2 * strings + sum(map(quotes_within, call.identity))


_PLAIN: Final = PlainReader(_Body, _count_quotes)


class VerdictRequest(msgspec.Struct, frozen=True, gc=False):
    """What was asked, as the road takes it."""

    call: Call
    identities: tuple[str, ...]
    max_ms: int | None


class VerdictBody(msgspec.Struct, frozen=True, gc=False):
    """A body of the right shape whose trunk is not chosen yet: its numbers are still text."""

    body: _Body

    @property
    def trunk(self) -> str | None:
        """The trunk the switch says the call came in by; whether that counts is for the road to say."""
        return self.body.call.trunk

    def on(self, trunk: Trunk) -> VerdictRequest:
        """The request, its numbers read by the trunk's dialling rules. Raises Problem."""
        call = self.body.call
        return VerdictRequest(call.on(trunk), tuple(call.identity), self.body.max_ms)


def parse_body(body: bytes) -> VerdictBody:
    """The body, if it has the right shape. Raises Problem with the place of the first mistake."""
    plain = _PLAIN.read(body)
    return VerdictBody(read_body(body, _Body) if plain is None else plain)


def render_verdict(
    verdict: Verdict, verification: Verification, *, elapsed_ms: float, generation: int, explain: bool
) -> dict[str, object]:
    """The answer; with `explain`, also the rules that were asked and did not apply."""
    treatment, outcome, rich = verdict.treatment, verification.outcome, verification.rich
    sip: dict[str, object] = {
        "status": treatment.status,
        "phrase": treatment.phrase,
        "headers": treatment.headers,
    }
    reason_headers = reason_values(verification.headers)
    if reason_headers:
        sip["reason"] = list(reason_headers)
    body: dict[str, object] = {
        "action": verdict.action,
        "verstat": verdict.verstat,
        "attest": verdict.attest,
        "origid": verdict.origid,
        "reasons": [
            _finding(outcome.finding),
            *(_finding(warning) for warning in outcome.warnings),
            *((_finding(rich),) if isinstance(rich, Finding) else ()),
            *(_hit(hit) for hit in verdict.hits),
        ],
        "display": _display(verdict),
        "reputation": {
            "score": verdict.score,
            "evidence": [
                {
                    "feed": each.feed,
                    "path": each.path,
                    "complaints": each.complaints,
                    "weight": each.weight,
                    "first_day": each.first_day.isoformat(),
                    "last_day": each.last_day.isoformat(),
                }
                for each in verdict.evidence
            ],
        },
        "sip": sip,
        "degraded": list(verdict.degraded),
        "elapsed_ms": round(elapsed_ms, 2),
        "generation": generation,
    }
    body |= _extensions(verification)
    if explain:
        body["not_applied"] = [_row(reason) for reason in not_applied(verdict)]
    return {"verdict": body}


def _extensions(verification: Verification) -> dict[str, object]:
    """What only calls have that carry more than a `shaken` PASSporT; each member only where there is one."""
    body: dict[str, object] = {}
    headers = verification.headers
    if len(headers) > 1 or any(header.ppt not in (Ppt.SHAKEN, None) for header in headers):
        body["headers"] = [
            {
                "ppt": None if header.ppt is None else header.ppt.label,
                "verstat": header.outcome.verstat,
                "code": header.outcome.finding.reason.code,
            }
            for header in headers
        ]
    diversion, priority, rich = verification.diversion, verification.priority, verification.rich
    if diversion is not None:
        body["diversion"] = {
            "verstat": diversion.verstat,
            "code": diversion.finding.reason.code,
            "diverted": [to_e164(tn) for tn in diversion.diverted],
        }
    if priority is not None:
        body["priority"] = {
            "verstat": priority.verstat,
            "code": priority.finding.reason.code,
            "auth": list(priority.auth),
            "sph": priority.sph,
        }
    if isinstance(rich, ProvenData):
        # Content by address is never fetched here, so no digest was held against it; and a jCard is a
        # stranger's data of any form. Only what was read as text for people is handed on.
        body["rich"] = {"nam": rich.data.nam, "apn": rich.data.apn, "crn": rich.data.crn}
    return body


def _display(verdict: Verdict) -> dict[str, object]:
    brand = verdict.brand
    if brand is None:
        return {"cli": verdict.cli, "name": None, "brand": None}
    shown = {"name": brand.name, "logo_url": brand.logo_url, "call_reason": brand.call_reason}
    return {"cli": verdict.cli, "name": brand.name, "brand": shown}


def _finding(finding: Finding) -> dict[str, object]:
    detail = finding.detail or finding.description or finding.reason.words
    return {"code": finding.reason.code, "effect": "none", "source": "identity", "detail": detail}


def _hit(hit: Hit) -> dict[str, object]:
    effect = "allow" if hit.allows else hit.effect
    detail = hit.detail or hit.reason.words
    return {"code": hit.reason.code, "effect": effect, "source": hit.source, "detail": detail}


def _row(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "words": reason.words}
