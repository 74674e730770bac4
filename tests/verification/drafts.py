"""A genuine call and its token: right by default, wrong in the one way that is asked for."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from gateway.numbers.canonical import DiallingRules, TelephoneNumber
from gateway.numbers.plans import UK
from gateway.passport.canonical_json import render_json
from gateway.passport.signature import encode_header, sign
from gateway.reasons import Finding
from gateway.verification.examine import VerificationPolicy, VerificationRequest, examine
from gateway.verification.outcome import Examined
from tests.passport.keys import HEADER, PAYLOAD, PRIVATE_KEY, X5U

NOW = PAYLOAD["iat"]
ORIG = TelephoneNumber(PAYLOAD["orig"]["tn"])
DEST = TelephoneNumber(PAYLOAD["dest"]["tn"][0])
POLICY = VerificationPolicy()


@dataclass
class Draft:
    """One request before it is rendered; tests change what they are about."""

    header: dict = field(default_factory=lambda: copy.deepcopy(HEADER))
    payload: dict = field(default_factory=lambda: copy.deepcopy(PAYLOAD))
    info: str | None = f"<{X5U}>"
    alg: str | None = "ES256"
    ppt: str | None = "shaken"
    compact: bool = False
    spoilt_signature: bool = False
    time: int = NOW
    orig: str = ORIG
    dests: frozenset[str] = frozenset({DEST})

    def token(self, key=PRIVATE_KEY) -> str:
        token = sign(header=encode_header(self.header), payload=render_json(self.payload), key=key)
        head, body, signature = token.split(".")
        if self.spoilt_signature:
            signature = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
        return f"..{signature}" if self.compact else f"{head}.{body}.{signature}"

    def identity(self, key=PRIVATE_KEY) -> str:
        given = (("info", self.info), ("alg", self.alg), ("ppt", self.ppt))
        return self.token(key) + "".join(f";{name}={value}" for name, value in given if value is not None)

    def request(self, identity: str | None = None, key=PRIVATE_KEY) -> VerificationRequest:
        return VerificationRequest(
            orig=TelephoneNumber(self.orig),
            dests=frozenset(map(TelephoneNumber, self.dests)),
            time=self.time,
            identity=self.identity(key) if identity is None else identity,
        )


def examined(
    draft: Draft,
    *,
    identity: str | None = None,
    now: int = NOW,
    policy: VerificationPolicy = POLICY,
    dialling: DiallingRules = UK.dialling,
) -> Examined | Finding:
    return examine(draft.request(identity), policy=policy, dialling=dialling, now=now)


def finding(draft: Draft, **how) -> Finding:
    result = examined(draft, **how)
    assert isinstance(result, Finding), result
    return result


def passes(draft: Draft, **how) -> bool:
    return isinstance(examined(draft, **how), Examined)
