"""Calls with several Identity headers, each genuine by default, and the road they take through this room."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from gateway.certificates.chain import Refusal, ValidatedChain, parse_chain, validate
from gateway.certificates.trust import Trust, build_trust
from gateway.numbers.canonical import TelephoneNumber
from gateway.numbers.plans import UK
from gateway.passport.canonical_json import render_json
from gateway.passport.ppt import Ppt
from gateway.passport.signature import encode_header, sign
from gateway.reasons import Finding
from gateway.verification.conclude import Verification, conclude
from gateway.verification.examine import EVERY_TYPE, ExaminedCall, VerificationRequest, examine_each
from gateway.verification.judge import judge
from gateway.verification.profile import ATIS, Profile
from tests import pki
from tests.passport.keys import PAYLOAD, PRIVATE_KEY, X5U
from tests.verification.drafts import NOW, ORIG, POLICY

A, B, C, D = "441614960000", "447700900123", "442079460999", "447700900777"

PKI = pki.make_pki(key=PRIVATE_KEY)
TRUST = build_trust(anchors=[("root.pem", PKI.root.pem)])
assert isinstance(TRUST, Trust)
CHAIN = validate(parse_chain(PKI.chain_pem), TRUST, NOW)
assert isinstance(CHAIN, ValidatedChain)


def token(
    ppt: str | None, payload: dict, *, spoilt: bool = False, x5u: str = X5U, header: dict | None = None
) -> str:
    members = {"alg": "ES256", "typ": "passport", "x5u": x5u, **(header or {})}
    if ppt is not None:
        members["ppt"] = ppt
    made = sign(header=encode_header(members), payload=render_json(payload), key=PRIVATE_KEY)
    if spoilt:
        head, _, signature = made.rpartition(".")
        made = f"{head}.{signature[:10]}{'A' if signature[10] != 'A' else 'B'}{signature[11:]}"
    return made


def identity(ppt: str | None, payload: dict, *, x5u: str = X5U, **how) -> str:
    value = f"{token(ppt, payload, x5u=x5u, **how)};info=<{x5u}>;alg=ES256"
    return value if ppt is None else f'{value};ppt="{ppt}"'


def claims(*dests: str, **more) -> dict:
    return {"orig": {"tn": ORIG}, "dest": {"tn": sorted(dests)}, "iat": NOW, **more}


def shaken(*dests: str, spoilt: bool = False, **more) -> str:
    payload = claims(*dests, attest="A", origid=PAYLOAD["origid"])
    return identity("shaken", {**payload, **more}, spoilt=spoilt)


def base(*dests: str, spoilt: bool = False, **more) -> str:
    return identity(None, {**claims(*dests), **more}, spoilt=spoilt)


def div(start: str, end: str, *, spoilt: bool = False, x5u: str = X5U, **more) -> str:
    return identity("div", {**claims(end, div={"tn": start}), **more}, spoilt=spoilt, x5u=x5u)


def div_o(start: str, end: str, opt: str, *, spoilt: bool = False, **more) -> str:
    return identity("div-o", {**claims(end, div={"tn": start}, opt=opt), **more}, spoilt=spoilt)


def rcd(*dests: str, spoilt: bool = False, **more) -> str:
    return identity("rcd", {**claims(*dests, rcd={"nam": "Example Bank"}), **more}, spoilt=spoilt)


def rph(*dests: str, spoilt: bool = False, **more) -> str:
    return identity("rph", {**claims(*dests, rph={"auth": ["esnet.1"]}), **more}, spoilt=spoilt)


def bare(value: str) -> str:
    """The token of an Identity header value."""
    return value.partition(";")[0]


@dataclass
class CallDraft:
    """One call on its way through examine, judge and conclude."""

    identities: list[str]
    to: tuple[str, ...] = (A,)
    request_uri: str | None = None
    resource_priority: frozenset[str] | None = None
    priority: str | None = None
    accepted: frozenset[Ppt] = EVERY_TYPE
    profile: Profile = ATIS
    credentials: dict[str, ValidatedChain | Refusal | Finding] = field(default_factory=dict)

    def requests(self) -> list[VerificationRequest]:
        call = VerificationRequest(
            orig=ORIG,
            dests=frozenset(map(TelephoneNumber, self.to)),
            time=NOW,
            identity="",
            request_uri=None if self.request_uri is None else TelephoneNumber(self.request_uri),
            resource_priority=self.resource_priority,
            priority=self.priority,
        )
        return [replace(call, identity=value) for value in self.identities]

    def examined(self, *, now: int = NOW) -> ExaminedCall:
        return examine_each(
            self.requests(),
            policy=POLICY,
            dialling=UK.dialling,
            now=now,
            accepted=self.accepted,
            profile=self.profile,
        )

    def concluded(self, *, now: int = NOW) -> Verification:
        call = self.examined(now=now)
        outcomes = [
            [judge(link, self.credentials.get(link.x5u, CHAIN), now=now) for link in header.links]
            for header in call.headers
        ]
        return conclude(call, outcomes)


def verified(*identities: str, **call) -> Verification:
    return CallDraft(list(identities), **call).concluded()


def said(*identities: str, **call) -> tuple[str, int | None]:
    """The verstat and the SIP cause for the calling number."""
    outcome = verified(*identities, **call).outcome
    cause = outcome.finding.reason.cause
    return outcome.verstat.value, None if cause is None else cause.code


PASSED = ("TN-Validation-Passed", None)
