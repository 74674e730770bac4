"""Calls, and the requests that ask about them: every one another call with a PASSporT of its own."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.passport.canonical_json import render_json
from gateway.passport.passport import decode
from gateway.passport.signature import encode_header, render_identity, sign, verify

X5U = "https://callmark.localhost:8443/certs/shaken.pem"
RANGES = ("44207946", "44161496", "447700900")
"""Of the inventory in config/, from Ofcom's ranges for drama."""

CALLERS = 10_000_000
"""Mobile numbers of which calls that are already signed come."""


@dataclass(frozen=True, slots=True)
class Call:
    orig: str
    dest: str
    iat: int
    origid: str
    identity: str
    """Empty where the call is still to be signed."""


def read_key(path: Path) -> EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError(f"{path} is not an EC key")
    return key


def calls(
    count: int,
    *,
    key: EllipticCurvePrivateKey | None,
    x5u: str = X5U,
    origs: Sequence[str] | None = None,
) -> list[Call]:
    """Calls of this second, from these numbers.

    Without them calls that are signed, as they are where there is a key, come from ten million numbers, and
    calls to sign from the inventory. Were it a few thousand, each would call every second, as no telephone
    does, and have its traffic looked at closely.
    """
    header = header_of(x5u)
    now = int(time.time())
    made = []
    for orig, dest, origid in _numbers(count, origs, any_caller=key is not None):
        call = Call(orig, dest, now, origid, "")
        if key is not None:
            payload = render_json(payload_of(call))
            identity = render_identity(sign(header=header, payload=payload, key=key), x5u)
            call = replace(call, identity=identity)
        made.append(call)
    return made


def header_of(x5u: str) -> bytes:
    """The encoded header of a `shaken` PASSporT."""
    return encode_header({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u})


def payload_of(call: Call) -> dict[str, Any]:
    """Its claims, attested A."""
    return {
        "attest": "A",
        "dest": {"tn": [call.dest]},
        "iat": call.iat,
        "orig": {"tn": call.orig},
        "origid": call.origid,
    }


def _numbers(count: int, origs: Sequence[str] | None, *, any_caller: bool) -> Iterator[tuple[str, str, str]]:
    chance = random.Random()
    for _ in range(count):
        if origs is not None:
            orig = chance.choice(origs)
        else:
            orig = f"4473{chance.randrange(CALLERS):08d}" if any_caller else _number(chance)
        dest = _number(chance)
        yield orig, dest, str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _number(chance: random.Random) -> str:
    # The last ten of each range are on dno.csv.
    start = chance.choice(RANGES)
    return f"{start}{chance.randrange(990):0{12 - len(start)}d}"


def post(path: str, body: str, *, token: str | None = None, media: str = "application/json") -> bytes:
    """A whole HTTP/1.1 request."""
    authorization = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}"
        f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode("ascii")


def verification(call: Call, token: str) -> bytes:
    body = {
        "from": {"tn": call.orig},
        "to": {"tn": [call.dest]},
        "time": call.iat,
        "identity": call.identity,
    }
    return post("/domestic/stir/v1/verification", json.dumps({"verificationRequest": body}), token=token)


def verdict(call: Call, token: str, *, identities: Sequence[str] | None = None) -> bytes:
    """With the call's own Identity header, or with these."""
    body = {
        "id": call.origid,
        "from": {"tn": "+" + call.orig},
        "to": {"tn": ["+" + call.dest]},
        "time": call.iat,
        "identity": [call.identity] if identities is None else list(identities),
    }
    return post("/domestic/v1/verdicts", json.dumps({"call": body, "max_ms": 400}), token=token)


def signing(call: Call, token: str) -> bytes:
    body = {
        "attest": "A",
        "orig": {"tn": call.orig},
        "dest": {"tn": [call.dest]},
        "iat": call.iat,
        "origid": call.origid,
    }
    return post("/stir/v1/signing", json.dumps({"signingRequest": body}), token=token)


def secsipidx_check(call: Call) -> bytes:
    return post("/v1/check", call.identity, media="text/plain")


def secsipidx_sign(call: Call) -> bytes:
    row = f"{call.orig},{call.dest},A,{call.origid},{X5U}"
    return post("/v1/sign-csv", row, media="text/plain")


def is_passed(response: bytes) -> bool:
    return response.startswith(b"HTTP/1.1 200 ") and b'"verstat":"TN-Validation-Passed"' in response


def is_allowed(response: bytes) -> bool:
    return is_passed(response) and b'"action":"allow"' in response and b'"attest":"A"' in response


def is_answered(response: bytes) -> bool:
    """Any verdict at all."""
    return response.startswith(b"HTTP/1.1 200 ") and b'"verstat":' in response


def is_degraded(response: bytes) -> bool:
    return b'"degraded":[]' not in response


def is_checked(response: bytes) -> bool:
    return response.startswith(b"HTTP/1.1 200 ") and response.endswith(b"\r\n\r\nOK\n")


def is_signed(response: bytes) -> bool:
    return response.startswith(b"HTTP/1.1 200 ") and b";alg=ES256;ppt=shaken" in response


def bears_signature(response: bytes, key: EllipticCurvePublicKey) -> bool:
    """The closer look at a signed answer: attestation A, and a signature by this key."""
    body = response.partition(b"\r\n\r\n")[2].decode("ascii")
    identity = json.loads(body)["signingResponse"]["identity"] if body.startswith("{") else body
    passport = verify(decode(identity.partition(";")[0]), key)
    return passport is not None and passport.claims.attest == "A"


def attest_of(response: bytes) -> str | None:
    """The attestation of a signed answer."""
    identity = json.loads(response.partition(b"\r\n\r\n")[2])["signingResponse"]["identity"]
    return decode(identity.partition(";")[0]).claims.attest
