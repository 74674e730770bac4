"""The calls of the demo: what each is, what it should lead to, and what the gateway made of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.cli.demo_client import DemoClient
from gateway.passport.canonical_json import render_json
from gateway.passport.strict import read_base64url, render_base64url

_CALLER: Final = "+442079460123"
_OTHER_CALLER: Final = "+442079460124"
_MOBILE: Final = "+447700900123"
_HMRC: Final = "+442079460999"
"""In dno.csv."""
_CALLED: Final = "+441614960000"
_ABROAD: Final = "international-1"
_HOUR: Final = 3600
_REPLAYS: Final = 6
"""One more than the development policy lets pass without a label."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict, as far as the demo shows it."""

    label: str
    action: str
    verstat: str
    attest: str | None
    cli: str
    reasons: tuple[tuple[str, str], ...]
    """Codes with their details."""
    sip: str
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One call of the demo with everything that came of it."""

    title: str
    story: tuple[str, ...]
    answers: tuple[Answer, ...]
    differences: tuple[str, ...]
    """What was expected and did not come; empty when all is as expected."""
    requests: tuple[str, ...]


async def genuine(client: DemoClient) -> Shown:
    """Signed and verified by the same gateway."""
    identity, attest = await _sign(client, _CALLER)
    answer = _answer("call", await client.verdict(_call(_CALLER, identity=identity)))
    return Shown(
        "A genuine call",
        (f"{_CALLER} calls {_CALLED}. The gateway signs the call, and then verifies it.",),
        (answer,),
        (
            *_compare("signed with attestation", attest, "A"),
            *_differ(answer, action="allow", verstat="TN-Validation-Passed", attest="A", cli="present"),
        ),
        tuple(client.requests),
    )


async def forged(client: DemoClient) -> Shown:
    """A number that never calls out, from abroad."""
    answer = _answer("call", await client.verdict(_call(_HMRC, trunk=_ABROAD)))
    return Shown(
        "A forged HMRC call from abroad",
        (
            f"A call on trunk {_ABROAD} shows {_HMRC}, a number of HMRC that only receives calls",
            "(dno.csv; an example number). Whoever shows it is lying.",
        ),
        (answer,),
        _differ(answer, action="block", verstat="No-TN-Validation", codes=("dno.exact",), sip="603 Decline"),
        tuple(client.requests),
    )


async def mobile_from_abroad(client: DemoClient) -> Shown:
    """A home mobile of which nobody knows whether it roams."""
    answer = _answer("call", await client.verdict(_call(_MOBILE, trunk=_ABROAD, roaming="unknown")))
    return Shown(
        "A home mobile from abroad",
        (
            f"A call on trunk {_ABROAD} shows {_MOBILE}. It may be a customer on holiday, or a forger;",
            "nobody asked whether the telephone roams. The call goes on without its number.",
        ),
        (answer,),
        _differ(answer, action="allow", cli="withhold", codes=("abroad.roaming-unknown",)),
        tuple(client.requests),
    )


async def replayed(client: DemoClient) -> Shown:
    """One genuine header on several calls."""
    identity, _ = await _sign(client, _CALLER)
    answers = [
        _answer(f"call {number}", await client.verdict(_call(_CALLER, identity=identity)))
        for number in range(1, _REPLAYS + 1)
    ]
    first, last = answers[0], answers[-1]
    return Shown(
        "A replayed header",
        (
            f"The same signed header comes with {_REPLAYS} different calls. A few are ordinary (forking, a",
            "second attempt); many mean that somebody captured it. The first and the last:",
        ),
        (first, last),
        (
            *_differ(first, action="allow", verstat="TN-Validation-Passed"),
            *_differ(last, action="label", verstat="TN-Validation-Passed", codes=("replay.distinct-calls",)),
        ),
        tuple(client.requests),
    )


async def tampered(client: DemoClient) -> Shown:
    """The signed number exchanged for another."""
    identity, _ = await _sign(client, _CALLER)
    identity = _altered(identity, {"orig": {"tn": _OTHER_CALLER.removeprefix("+")}})
    answer = _answer("call", await client.verdict(_call(_OTHER_CALLER, identity=identity)))
    return Shown(
        "A tampered header",
        (
            f"A genuine header for {_CALLER} is altered to say {_OTHER_CALLER}, and the call shows that",
            "number. The signature no longer fits.",
        ),
        (answer,),
        _differ(
            answer,
            action="label",
            verstat="TN-Validation-Failed",
            codes=("stir.signature.invalid", "stir.failed"),
        ),
        tuple(client.requests),
    )


async def stale(client: DemoClient) -> Shown:
    """A header of an hour ago."""
    now = int(time.time())
    identity, _ = await _sign(client, _CALLER)
    answer = _answer(
        "call", await client.verdict(_call(_CALLER, identity=_altered(identity, {"iat": now - _HOUR})))
    )
    return Shown(
        "An old header",
        (
            "A header that says it was made an hour ago. (A gateway signs none, so this one was set back by",
            "hand; its age is looked at before its signature, and is what is found.)",
        ),
        (answer,),
        _differ(answer, verstat="No-TN-Validation", codes=("stir.iat.stale",)),
        tuple(client.requests),
    )


async def sent_on(client: DemoClient) -> Shown:
    """A call that the called number forwards."""
    call = _call(_CALLER, request_uri=f"sip:{_MOBILE}@example.org")
    identities = await client.sign_and_send_on(call, diverted=_CALLED)
    verdict = await client.verdict({**call, "identity": identities})
    answer = _answer("both", verdict)
    without = _answer("shaken", await client.verdict({**call, "identity": identities[:1]}))
    return Shown(
        "A call that is sent on",
        (
            f"{_CALLER} calls {_CALLED}, which forwards its calls to {_MOBILE}. Each step is signed:",
            "the call (shaken), and where it was sent on (div). With the first alone, it could as well be a",
            "header captured from another call:",
        ),
        (answer, without),
        (
            *_compare("diverted from", ", ".join(verdict.get("diversion", {}).get("diverted", ())), _CALLED),
            *_differ(answer, action="allow", verstat="TN-Validation-Passed", attest="A"),
            *_differ(without, verstat="No-TN-Validation", codes=("stir.tn.mismatch",)),
        ),
        tuple(client.requests),
    )


DEMO_CALLS: Final[tuple[Callable[[DemoClient], Awaitable[Shown]], ...]] = (
    genuine,
    forged,
    mobile_from_abroad,
    replayed,
    tampered,
    stale,
    sent_on,
)


async def _sign(client: DemoClient, orig: str) -> tuple[str, str]:
    return await client.sign(orig=orig, dest=_CALLED, iat=int(time.time()), origid=str(uuid.uuid4()))


def _call(orig: str, *, identity: str | None = None, **more: str) -> dict[str, object]:
    """A call of its own: no two have the same id."""
    call: dict[str, object] = {
        "id": f"demo-{uuid.uuid4()}",
        "from": {"tn": orig},
        "to": {"tn": [_CALLED]},
        "time": int(time.time()),
        **more,
    }
    if identity is not None:
        call["identity"] = [identity]
    return call


def _altered(identity: str, changes: Mapping[str, object]) -> str:
    """The header with other claims under the old signature, as a forger would have it."""
    header, payload, rest = identity.split(".", 2)
    claims = json.loads(read_base64url(payload)) | changes
    return f"{header}.{render_base64url(render_json(claims)).decode()}.{rest}"


def _answer(label: str, verdict: Mapping[str, Any]) -> Answer:
    sip = verdict["sip"]
    treatment = f"{sip['status']} {sip['phrase']}" if sip["status"] else "let the call go on"
    headers = "".join(f"; {name}: {value}" for name, value in sip["headers"].items())
    return Answer(
        label=label,
        action=verdict["action"],
        verstat=verdict["verstat"],
        attest=verdict["attest"],
        cli=verdict["display"]["cli"],
        # Warnings about a certificate say nothing about the call, and each call has the same ones.
        reasons=tuple(
            (each["code"], each["detail"])
            for each in verdict["reasons"]
            if each["code"] not in {"stir.revocation.unknown", "stir.certificate.warning"}
        ),
        sip=treatment + headers,
        degraded=tuple(verdict["degraded"]),
    )


def _differ(answer: Answer, *, codes: Iterable[str] = (), **expected: str) -> tuple[str, ...]:
    """Say what is otherwise than expected: `expected` by the names of Answer, `codes` among its reasons."""
    found = {code for code, _ in answer.reasons}
    return (
        *(
            difference
            for name, value in expected.items()
            for difference in _compare(f"{answer.label}: {name}", getattr(answer, name), value)
        ),
        *(f"{answer.label}: the reason {code} was expected" for code in codes if code not in found),
    )


def _compare(name: str, found: str | None, expected: str) -> tuple[str, ...]:
    return () if found == expected else (f"{name} is {found or 'none'}; expected was {expected}",)
