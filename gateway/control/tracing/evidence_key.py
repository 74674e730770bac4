"""The key that evidence is signed with: this node's own, made at its first use, and never the STI key.

A key that signs one kind of thing cannot be made to sign another (docs/decisions/evidence.md): what is signed
with the STI key are PASSporTs alone. The certificate beside the key is self-signed, or one that the operator
put in its place; another party believes it because the carrier gave it by another way, or by its own
authorities.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.certificates.reading import CertificateError, read_certificates
from gateway.generations import write_whole

TYPE: Final = "callmark-evidence+jws"
"""The JWS header's `typ` (RFC 7515 section 4.1.9): no PASSporT, and nothing else either."""
KEY_FILE: Final = "evidence.key"
CERTIFICATE_FILE: Final = "evidence.pem"
_LASTING: Final = timedelta(days=3_650)
_SKEW: Final = timedelta(hours=1)


class EvidenceKeyError(Exception):
    """There is no key to sign evidence with; `str()` is a sentence."""


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A key with its certificate chain, leaf first."""

    certificates: tuple[x509.Certificate, ...]
    _key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex: what another party is told by another way."""
        return self.certificates[0].fingerprint(SHA256()).hex()

    def sign(self, payload: bytes) -> bytes:
        """The payload as a JWS in compact form (RFC 7515 section 7.1), ES256, with the chain in `x5c`."""
        chain = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in self.certificates]
        signed = jwt.PyJWS().encode(payload, self._key, "ES256", {"typ": TYPE, "x5c": chain})
        return signed.encode("ascii")


def open_evidence_key(directory: Path, *, organisation: str, now: int) -> EvidenceKey:
    """The key in this data directory, made where there is none. Raises EvidenceKeyError.

    `organisation` names the carrier in a certificate that is made; `now` in epoch seconds.
    """
    key_path, certificate_path = directory / KEY_FILE, directory / CERTIFICATE_FILE
    try:
        with _alone(directory):
            if not key_path.exists():
                _make(key_path, certificate_path, organisation, datetime.fromtimestamp(now, UTC))
        if key_path.stat().st_mode & 0o077:
            raise EvidenceKeyError(f"{key_path} can be read by others. Run: chmod 600 {key_path}")
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        certificates = read_certificates(certificate_path.read_bytes())
    except OSError as error:
        raise EvidenceKeyError(f"{error.filename} cannot be used: {error.strerror}") from error
    except (ValueError, TypeError, CertificateError) as error:
        raise EvidenceKeyError(f"{key_path} or {certificate_path} cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise EvidenceKeyError(f"{key_path} is not a P-256 key")
    if certificates[0].public_key() != key.public_key():
        raise EvidenceKeyError(f"{key_path} is not the key of {certificate_path}")
    return EvidenceKey(certificates, key)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One at a time, threads and commands: one's key would not be that of another's certificate."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(key_path: Path, certificate_path: Path, organisation: str, moment: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, "Callmark evidence"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _SKEW)
        .not_valid_after(moment + _LASTING)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    # The certificate first: a key without one is made again, and nobody was told of it yet.
    write_whole(certificate_path, certificate.public_bytes(Encoding.PEM))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(key_path, pem)
