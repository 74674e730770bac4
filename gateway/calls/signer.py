"""The gateway's own signing key and certificate: loaded, checked, and used for every outgoing call."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from gateway.certificates.chain import parse_chain
from gateway.generation.generation import SigningIdentity
from gateway.passport.ppt import Ppt
from gateway.passport.signature import encode_header, render_identity, sign

SIGNED_TYPES: Final = (Ppt.SHAKEN, Ppt.DIV, Ppt.RCD, Ppt.RPH)
"""The types this gateway signs."""


class SigningSetupError(ValueError):
    """A key or certificate that must not sign; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One key with its certificate. `repr` never shows the key."""

    x5u: str
    fingerprint: str
    """SHA-256 of the leaf certificate, hex."""
    not_before: int
    not_after: int
    """The chain's common validity, epoch seconds."""
    chain_pem: bytes
    """What the repository publishes at x5u."""
    _key: ec.EllipticCurvePrivateKey
    _headers: Mapping[Ppt, bytes]
    """The PASSporT header of each type, encoded once: it is the same for every call."""

    def __repr__(self) -> str:
        return f"Signer({self.x5u}, {self.fingerprint[:16]}…)"

    def covers_time(self, seconds: int) -> bool:
        """Whether the chain is valid at that time (RFC 8224 section 6.1 steps 3 and 4)."""
        return self.not_before <= seconds <= self.not_after

    def sign(self, ppt: Ppt, payload: bytes) -> str:
        """The Identity header's value of a PASSporT of this type.

        `payload` is canonical JSON of all the claims that the type demands, which `read_claims` of
        `gateway.passport.ppt` reads without a problem; numbers are canonical and `dest.tn` sorted
        (RFC 8225 section 9).
        """
        token = sign(header=self._headers[ppt], payload=payload, key=self._key)
        return render_identity(token, self.x5u, ppt)


def load_signer(identity: SigningIdentity, key_file: Path) -> Signer:
    """Load the key of a generation's certificate. Raises SigningSetupError saying what is wrong."""
    key = _load_key(key_file)
    chain = parse_chain(identity.chain_pem)
    if _public_bytes(chain[0].public_key()) != _public_bytes(key.public_key()):
        raise SigningSetupError(
            f"The key in {key_file} ([signing] key_file) does not belong to the certificate in "
            "[signing] certificate_file: nobody could verify what it signs. Use the key it was made for."
        )
    return Signer(
        x5u=identity.x5u,
        fingerprint=identity.certificate_fingerprint,
        not_before=max(int(one.not_valid_before_utc.timestamp()) for one in chain),
        not_after=min(int(one.not_valid_after_utc.timestamp()) for one in chain),
        chain_pem=identity.chain_pem,
        _key=key,
        _headers=encode_headers(identity.x5u),
    )


def encode_headers(x5u: str) -> Mapping[Ppt, bytes]:
    """The encoded PASSporT header of every type that is signed here."""
    return {
        ppt: encode_header({"alg": "ES256", "ppt": ppt, "typ": "passport", "x5u": x5u})
        for ppt in SIGNED_TYPES
    }


def _load_key(key_file: Path) -> ec.EllipticCurvePrivateKey:
    text = _read(key_file, "[signing] key_file")
    mode = stat.S_IMODE(key_file.stat().st_mode)
    if mode & 0o077:
        raise SigningSetupError(
            f"{key_file} ([signing] key_file) can be read by others (mode {mode:04o}). "
            f"Run: chmod 600 {key_file}"
        )
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError):
        raise SigningSetupError(
            f"{key_file} ([signing] key_file) is not an unencrypted private key in PEM form."
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SigningSetupError(
            f"{key_file} ([signing] key_file) is not a P-256 key; SHAKEN signs with ES256 only (RFC 8588)."
        )
    return key


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SigningSetupError(f"{path} ({setting}) cannot be read: {error.strerror}.") from None


def _public_bytes(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
