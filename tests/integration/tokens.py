"""PASSporTs made without the gateway's own code: `json`, `base64` and one ECDSA signature.

So a mistake that signing and verifying here have in common cannot hide.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

FROM = "442079460123"
TO = "441614960000"
ORIGID = "de305d54-75b4-431b-adb2-eb6b9e546014"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def raw_signature(signed: bytes, key: ec.EllipticCurvePrivateKey) -> bytes:
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def header_of(x5u: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return _changed({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u}, changes)


def payload_of(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return _changed(
        {
            "attest": "A",
            "dest": {"tn": [TO]},
            "iat": int(time.time()),
            "orig": {"tn": FROM},
            "origid": ORIGID,
        },
        changes,
    )


def make_token(
    key: ec.EllipticCurvePrivateKey,
    x5u: str,
    *,
    header: Mapping[str, Any] | bytes | None = None,
    payload: Mapping[str, Any] | bytes | None = None,
    sign: Callable[[bytes, ec.EllipticCurvePrivateKey], bytes] = raw_signature,
) -> str:
    """A compact string; `header` and `payload` are changes (None removes a member), or the JSON itself."""
    parts = [
        base64url(part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode())
        for part in (
            header if isinstance(header, bytes) else header_of(x5u, header),
            payload if isinstance(payload, bytes) else payload_of(payload),
        )
    ]
    signed = ".".join(parts)
    return f"{signed}.{base64url(sign(signed.encode(), key))}"


def make_identity(key: ec.EllipticCurvePrivateKey, x5u: str, **how: Any) -> str:
    """An Identity header value in its usual form."""
    return f"{make_token(key, x5u, **how)};info=<{x5u}>;alg=ES256;ppt=shaken"


def verification_request(identity: str | None, **changes: Any) -> dict[str, Any]:
    """The ATIS body that fits `make_identity`; a member given as None is left out."""
    usual = {
        "from": {"tn": FROM},
        "to": {"tn": [TO]},
        "time": int(time.time()),
        "identity": identity,
    }
    return {"verificationRequest": _changed(usual, {name.rstrip("_"): v for name, v in changes.items()})}


def signing_request(**changes: Any) -> dict[str, Any]:
    """The ATIS body for a number of the committed inventory's trunk access-1."""
    return {"signingRequest": payload_of({name.rstrip("_"): value for name, value in changes.items()})}


def _changed(usual: dict[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (usual | dict(changes or {})).items() if value is not None}
