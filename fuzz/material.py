"""What the parsers are asked about: a PKI, a trunk, and genuine inputs to begin from."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.certificates.trust import Trust, build_trust
from gateway.generation.trunks_file import read_trunks
from gateway.numbers.canonical import TelephoneNumber
from tests import pki
from tests.integration.tokens import make_token, payload_of
from tests.passport.payloads import BASE, CARD, DIV, DIV_O, RCD, RPH, SPH

NOW: Final = pki.NOW
"""The moment at which everything is judged, epoch seconds."""
FROM: Final = TelephoneNumber("442079460123")
TO: Final = TelephoneNumber("441614960000")
X5U: Final = "https://certificates.example.org/shaken.pem"
CONFIG: Final = Path(__file__).parent.parent / "config"


def _key(number: int) -> ec.EllipticCurvePrivateKey:
    """The same keys in every process: what is kept in the corpus goes on being trusted."""
    return ec.derive_private_key(number, ec.SECP256R1())


_ROOT: Final = pki.make_root(key=_key(1))
_INTERMEDIATE: Final = pki.make_intermediate(_ROOT, key=_key(2))
PKI: Final = pki.Pki(_ROOT, _INTERMEDIATE, pki.make_leaf(_INTERMEDIATE, key=_key(3)))


def _trust() -> Trust:
    trust = build_trust(anchors=[("root.pem", PKI.root.pem)])
    assert isinstance(trust, Trust)
    return trust


TRUST: Final = _trust()

_trunks = read_trunks((CONFIG / "trunks.toml").read_bytes(), None)
assert isinstance(_trunks, tuple)
TRUNK: Final = _trunks[0]


def as_pem(label: str, der: bytes) -> bytes:
    """DER in the armour of RFC 7468."""
    lines = base64.encodebytes(der).decode().replace("\n", "")
    body = "\n".join(lines[place : place + 64] for place in range(0, len(lines), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()


def _identity(ppt: str, claims: dict[str, object]) -> str:
    payload = {**claims, "iat": NOW}
    token = make_token(PKI.leaf.key, X5U, header={"ppt": ppt}, payload=json.dumps(payload).encode())
    return f"{token};info=<{X5U}>;alg=ES256;ppt={ppt}"


def seeds() -> dict[str, list[bytes]]:
    """Genuine inputs of each target, for a corpus that does not exist yet."""
    shaken = _identity("shaken", payload_of())
    div = _identity("div", DIV)
    token = shaken.partition(";")[0]
    claims = [payload_of(), BASE, DIV, DIV_O, RCD, RPH, SPH]
    rich = {**RCD, "rcd": {"nam": "Bank", "jcd": CARD}, "rcdi": {"/nam": "sha256-" + "A" * 43}, "crn": "Card"}
    list_issuer = pki.make_crl_issuer()
    call = {"id": "1", "from": {"tn": FROM}, "to": {"tn": [TO]}, "time": NOW, "identity": [shaken]}
    return {
        "identity": [shaken.encode(), f'{token} ; info="x" ;ppt=shaken;x'.encode()],
        "token": [token.encode(), div.partition(";")[0].encode()],
        "base64url": [b"", b"AA", b"AAA", b"_-A", token.encode()],
        "json": [json.dumps(each).encode() for each in claims] + [b'["\\ud83d\\ude00",1e5,-0.1,null,true]'],
        "claims": [json.dumps(each).encode() for each in [*claims, rich]],
        "number": [
            b"+44 (0)20".replace(b" ", b""), b"+442079460123;ext=1", b"*21*442079460123#", b"999",
            b"02079460123", b"12155550123", b"+442079460000-0999", b"+442079460000/1000",
        ],
        "tn-auth-list": [
            bytes.fromhex("3008a006160438313848"),
            bytes.fromhex("3010a006160438313848a206160431323334"),
        ],
        "chain": [PKI.leaf.der, PKI.chain_pem, PKI.intermediate.der],
        "revocation-list": [
            pki.make_crl(list_issuer, [PKI.leaf]),
            pki.make_crl(list_issuer, [PKI.leaf], pem=False),
            pki.make_crl(PKI.intermediate, [PKI.leaf], indirect=False, pem=False),
        ],
        "trust-list": [
            make_token(
                PKI.leaf.key, X5U,
                header={"ppt": None, "typ": None},
                payload=json.dumps(
                    {"version": "1.0", "sequence": 7, "exp": NOW + 9, "trustList": [PKI.root.pem.decode()]}
                ).encode(),
            ).encode()
        ],
        "x5u": [X5U.encode(), b"https://169.254.169.254:8443/a", b"https://[::ffff:127.0.0.1]/a", b"https://127.1/"],
        "verification": [f"{shaken}\n{div}".encode(), shaken.encode()],
        "body": [
            json.dumps({"call": call}).encode(),
            json.dumps({"signingRequest": payload_of()}).encode(),
            json.dumps({"verificationRequest": {**call, "identity": shaken}}).encode(),
            json.dumps({"call": call, "ppt": ["shaken", "rcd"], "attest": "A"}).encode(),
            json.dumps(
                {"call_id": "1", "time": NOW, "to": TO, "answered": True, "duration_seconds": 1}
            ).encode(),
        ],
        "configuration": [file.read_bytes() for file in sorted(CONFIG.iterdir()) if file.is_file()],
    }  # fmt: skip
