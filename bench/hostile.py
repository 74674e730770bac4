"""Hostile tokens: what a stranger can send in an Identity header to make a call cost more than it should.

Each kind is made anew for each call, with the genuine key where that gets it further. What is to be refused
for its form is refused before the chain and the signature are looked at (`tests/hostile` holds that); one
that is not costs a signature, as a genuine one does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from bench.material import X5U, Call, calls, header_of, payload_of, verdict
from gateway.passport.signature import encode_header, render_identity, sign

FORGED_TOGETHER = 10
"""As many Identity headers as a call may have."""


@dataclass(frozen=True, slots=True)
class Forger:
    """Whoever holds a key."""

    key: EllipticCurvePrivateKey

    def identity(self, call: Call, changes: dict[str, object] | None = None, *, text: bytes = b"") -> str:
        """A PASSporT of the call with other claims, and with this text after the last of them."""
        claims = json.dumps({**payload_of(call), **(changes or {})}, separators=(",", ":")).encode()
        token = sign(header=header_of(X5U), payload=claims[:-1] + text + b"}", key=self.key)
        return render_identity(token, X5U)

    def with_signature(self, call: Call, signature: str) -> str:
        """The genuine claims under this signature."""
        return render_identity(f"{_token(call).rpartition('.')[0]}.{signature}", X5U)

    def forged(self, call: Call, *, place: int = 0) -> str:
        """The genuine claims under the signature of others."""
        other = self.identity(call, {"origid": f"another {place}"})
        return self.with_signature(call, _token_of(other).rpartition(".")[2])


Make = Callable[[Forger, Call], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of being hostile."""

    name: str
    make: Make
    headers: int = 1
    """How many of them the call has, each with a signature to look at."""


KINDS = (
    Kind("another's signature", lambda forger, call: forger.forged(call)),
    Kind(
        f"{FORGED_TOGETHER} headers with others' signatures",
        lambda forger, call: forger.forged(call),
        headers=FORGED_TOGETHER,
    ),
    Kind("no signature", lambda forger, call: forger.with_signature(call, "")),
    Kind("r and s zero", lambda forger, call: forger.with_signature(call, "A" * 86)),
    Kind("signature of 4096 bytes", lambda forger, call: forger.with_signature(call, "AbCd" * 1365)),
    Kind("an old iat", lambda forger, call: forger.identity(call, {"iat": call.iat - 3600})),
    Kind("another caller", lambda forger, call: forger.identity(call, {"orig": {"tn": "12025550123"}})),
    Kind("a claim twice", lambda forger, call: forger.identity(call, text=b',"iat":1')),
    Kind("another algorithm", lambda forger, call: _other_header(forger, call, {"alg": "none"})),
    Kind("x5u that is not https", lambda forger, call: _other_header(forger, call, {"x5u": "http://a"})),
    Kind(
        "300 arrays, one in the other",
        lambda forger, call: forger.identity(call, text=b',"x":' + b"[" * 300 + b"]" * 300),
    ),
    Kind(
        "an integer of 5000 digits",
        lambda forger, call: forger.identity(call, text=b',"x":' + b"9" * 5000),
    ),
    Kind(
        "5000 integers",
        lambda forger, call: forger.identity(call, text=b',"x":[' + b",".join([b"1"] * 5000) + b"]"),
    ),
    Kind(
        "500 called numbers",
        lambda forger, call: forger.identity(call, {"dest": {"tn": [call.dest] * 499 + ["1"]}}),
    ),
    Kind(
        "11 kB of arrays in arrays",
        lambda forger, call: forger.identity(call, text=b',"x":' + b"[" * 5500 + b"]" * 5500),
    ),
    Kind(
        "11 kB of small members",
        lambda forger, call: forger.identity(call, {f"{each}": [] for each in range(1000)}),
    ),
    Kind("2000 parameters", lambda _, call: call.identity + "".join(f";p{each}" for each in range(2000))),
    Kind("7000 quoted pairs", lambda _, call: f'{call.identity};x="' + "\\a" * 7000 + '"'),
    Kind("16 kB of backslashes", lambda _, call: call.origid + "\\" * 16_000),
    Kind("16 kB of nothing", lambda _, call: ("A" * 16_000) + call.origid),
)


def requests(kind: Kind, count: int, *, key: EllipticCurvePrivateKey, token: str) -> list[bytes]:
    """Verdicts asked for calls that carry this kind."""
    forger = Forger(key)
    return [verdict(call, token, identities=_headers(kind, forger, call)) for call in calls(count, key=key)]


def verstats(responses: Iterable[bytes]) -> tuple[str, ...]:
    """What the answers say of the signature."""
    return tuple(
        sorted({response.partition(b'"verstat":"')[2].split(b'"')[0].decode() for response in responses})
    )


def _headers(kind: Kind, forger: Forger, call: Call) -> Sequence[str]:
    if kind.headers == 1:
        return (kind.make(forger, call),)
    return tuple(forger.forged(call, place=place) for place in range(kind.headers))


def _other_header(forger: Forger, call: Call, changes: dict[str, object]) -> str:
    header = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U, **changes}
    claims = json.dumps(payload_of(call)).encode()
    return render_identity(sign(header=encode_header(header), payload=claims, key=forger.key), X5U)


def _token(call: Call) -> str:
    return _token_of(call.identity)


def _token_of(identity: str) -> str:
    return identity.partition(";")[0]
