"""Bytes to certificates, read to the end: what comes out of here raises nothing later.

`cryptography` reads a certificate's key, names, dates and extensions only when they are asked for, and
some mistakes (an unsupported curve, a doubled extension, X.509 v1) surface only then, each as its own
exception. Everything the rooms above look at is therefore looked at once here.
"""

from __future__ import annotations

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

UNREADABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for bytes it cannot make sense of."""

_PEM_BEGIN: Final = b"-----BEGIN "
_CERTIFICATE_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_MAX_TEXT: Final = 200
# AlgorithmIdentifier {ecPublicKey, prime256v1} and the tag of the key behind it (RFC 5480 section 2.1.1).
_P256: Final = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d03010703")


class CertificateError(ValueError):
    """The bytes are not the certificates they should be; `args[0]` says in one sentence why."""


def read_certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    """Read a file of one DER certificate or of any number of PEM certificates, at least one.

    Raises CertificateError, and nothing else.
    """
    if _PEM_BEGIN in data:
        return read_pem_certificates(data)
    try:
        certificate = x509.load_der_x509_certificate(data)
    except UNREADABLE as error:
        raise CertificateError("holds neither a PEM nor a DER certificate") from error
    return (_read_to_the_end(certificate, "the certificate"),)


def read_pem_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read at least one PEM certificate; text round them is ignored (RFC 7468 section 2).

    Raises CertificateError, and nothing else; a private key among them is such an error.
    """
    if b"PRIVATE KEY-----" in pem:
        raise CertificateError("holds a private key, which belongs to nobody but its owner")
    if _CERTIFICATE_BEGIN not in pem:
        raise CertificateError("holds no PEM certificate")
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except UNREADABLE as error:
        raise CertificateError("holds a PEM certificate that cannot be read") from error
    return tuple(
        _read_to_the_end(certificate, f"certificate {position}")
        for position, certificate in enumerate(certificates, start=1)
    )


def show(text: str) -> str:
    """Make a name or message from a certificate fit for a log line: printable, of bounded length."""
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown if len(shown) <= _MAX_TEXT else shown[: _MAX_TEXT - 1] + "…"


def ends_with_signature(der: bytes, signature: bytes) -> bool:
    """Say whether the signature's BIT STRING claims no unused bits, as every signature's must (X.690 8.6.2).

    It is the one octet outside the signed part that `cryptography` does not look at, and so the one that
    could be changed to give a certificate another fingerprint.
    """
    return der.endswith(b"\x00" + signature)


def _names_its_curve(der: bytes, key: EllipticCurvePublicKey) -> bool:
    """Say whether the key's curve is named, as RFC 5480 section 2.1.1 demands, not spelt out.

    `cryptography` takes spelt-out parameters for the curve they equal. A reader that does not compare all
    of them can be given a key that is not its owner's (CVE-2020-0601), so nobody should meet any.
    """
    if isinstance(key.curve, SECP256R1):
        return _P256 in der
    named = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    start = 2 if named[1] < 0x80 else 3
    return named[start : start + 2 + named[start + 1]] + b"\x03" in der


def _read_to_the_end(certificate: x509.Certificate, words: str) -> x509.Certificate:
    try:
        version = certificate.version
        key = certificate.public_key()
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        certificate.not_valid_before_utc.timestamp()
        certificate.not_valid_after_utc.timestamp()
        _ = certificate.signature_algorithm_oid
        for extension in certificate.extensions:
            _ = extension.value
    except UNREADABLE as error:
        raise CertificateError(
            f"{words} cannot be read: {show(str(error)) or type(error).__name__}"
        ) from error
    der = certificate.public_bytes(Encoding.DER)
    if not ends_with_signature(der, certificate.signature):
        raise CertificateError(f"{words} cannot be read: its signature is not whole octets")
    if isinstance(key, EllipticCurvePublicKey) and not _names_its_curve(der, key):
        raise CertificateError(f"{words} cannot be read: its key's curve is not a named one")
    if version is not x509.Version.v3:
        raise CertificateError(f"{words} is not X.509 version 3")
    return certificate
