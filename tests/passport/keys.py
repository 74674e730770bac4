"""Keys and a genuine token for the tests of this room: made here, of no use elsewhere."""

import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.passport.canonical_json import render_json
from gateway.passport.signature import encode_header, sign

X5U = "https://certificates.example.org/shaken.pem"
HEADER = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U}
PAYLOAD = {
    "attest": "A",
    "dest": {"tn": ["441614960000"]},
    "iat": 1795378385,
    "orig": {"tn": "442079460123"},
    "origid": "de305d54-75b4-431b-adb2-eb6b9e546014",
}

# A fixed scalar, so that a failing example fails again.
PRIVATE_KEY = ec.derive_private_key(0x5A17_C0DE_2026, ec.SECP256R1())
PUBLIC_KEY = PRIVATE_KEY.public_key()


def signed(payload=PAYLOAD, header=HEADER, key=PRIVATE_KEY) -> str:
    return sign(header=encode_header(header), payload=render_json(payload), key=key)


@cache
def genuine_token() -> str:
    return signed()


def compact_json(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def public_key(base64_lines: str):
    return load_pem_public_key(
        f"-----BEGIN PUBLIC KEY-----\n{base64_lines}\n-----END PUBLIC KEY-----\n".encode()
    )


# RFC 7515 appendix A.3: a JWS, not a PASSporT. Its payload has white space: only the received bytes verify.
RFC7515_A3_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
RFC7515_A3_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
    "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ=="
)
# RFC 8225 section 7.1: `iat` is a string there (errata 5985). Verifies with the public key of appendix A.2.
RFC8225_7_1_TOKEN = (
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9."
    "eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6IjE0NDMyMDgzNDUiLCJvcmlnIjp7InRuIjoiMTIx"
    "NTU1NTEyMTIifX0."
    "rq3pjT1hoRwakEGjHCnWSwUnshd0-zJ6F1VOgFWSjHBr8Qjpjlk-cpFYpFYsojNCpTzO3QfPOlckGaS6hEck7w"
)
RFC8225_A2_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8HNbQd/TmvCKwPKHkMF9fScavGeH\n"
    "78YTU8qLS8I5HLHSSmlATLcslQMhNC/OhlWBYC626nIlo7XeebYS7Sb37g=="
)
