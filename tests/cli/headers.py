"""Identity headers to explain: altered ones, and ones that a stranger signed."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.passport.canonical_json import render_json
from gateway.passport.signature import encode_header, render_identity
from gateway.passport.signature import sign as sign_token
from gateway.passport.strict import read_base64url, render_base64url

CALL = ("--orig", "+442079460123", "--dest", "+441614960000")


def altered(identity, **changes):
    header, payload, rest = identity.split(".", 2)
    claims = json.loads(read_base64url(payload)) | changes
    return f"{header}.{render_base64url(render_json(claims)).decode()}.{rest}"


def signed_with(theirs, x5u, *, iat):
    assert isinstance(theirs.leaf.key, ec.EllipticCurvePrivateKey)
    header = encode_header({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u})
    payload = render_json(
        {
            "attest": "A",
            "dest": {"tn": ["441614960000"]},
            "iat": iat,
            "orig": {"tn": "442079460123"},
            "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
        }
    )
    return render_identity(sign_token(header=header, payload=payload, key=theirs.leaf.key), x5u)
