"""Bytes to certificates, read to the end: what comes out of here raises nothing later.

`cryptography` reads a certificate's key, names, dates and extensions only when they are asked for, and
some mistakes (an unsupported curve, a doubled extension, X.509 v1) surface only then, each as its own
exception. Everything the rooms above look at is therefore looked at once here.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
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
# RFC 7468 section 5.1: the older label may be read as the same.
_CERTIFICATE_BEGIN: Final = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----")
_MAX_TEXT: Final = 200
_MAX_SERIAL_BITS: Final = 159
"""RFC 5280 section 4.1.2.2: a positive INTEGER of at most 20 octets."""
_SUBJECT_PUBLIC_KEY_INFO: Final = 6
"""Its place among the fields of a version 3 certificate (RFC 5280 section 4.1)."""


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
    if _CERTIFICATE_BEGIN.search(pem) is None:
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


def _names_its_curve(certificate: x509.Certificate, key: EllipticCurvePublicKey) -> bool:
    """Say whether the key's curve is named, as RFC 5480 section 2.1.1 demands, not spelt out.

    `cryptography` takes spelt-out parameters for the curve they equal. A reader that does not compare all
    of them can be given a key that is not its owner's (CVE-2020-0601), so nobody should meet any.
    """
    own = _elements(certificate.tbs_certificate_bytes)[_SUBJECT_PUBLIC_KEY_INFO]
    named = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _elements(own)[0] == _elements(named)[0]


def _elements(sequence: bytes) -> list[bytes]:
    """Cut a SEQUENCE into what it holds; the bytes are DER, for they have been read as such."""
    found: list[bytes] = []
    position, _ = _content(sequence, 0)
    while position < len(sequence):
        _, end = _content(sequence, position)
        found.append(sequence[position:end])
        position = end
    return found


def _content(der: bytes, position: int) -> tuple[int, int]:
    """Where the content of the element at `position` begins and ends (X.690 section 8.1.3)."""
    start, size = position + 2, der[position + 1]
    if size >= 0x80:
        start += size & 0x7F
        size = int.from_bytes(der[position + 2 : start])
    return start, start + size


def _read_to_the_end(certificate: x509.Certificate, words: str) -> x509.Certificate:
    try:
        version = certificate.version
        serial = certificate.serial_number
        key = certificate.public_key()
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        certificate.not_valid_before_utc.timestamp()
        certificate.not_valid_after_utc.timestamp()
        _ = certificate.extensions
    except UNREADABLE as error:
        raise CertificateError(
            f"{words} cannot be read: {show(str(error)) or type(error).__name__}"
        ) from error
    der = certificate.public_bytes(Encoding.DER)
    if not ends_with_signature(der, certificate.signature):
        raise CertificateError(f"{words} cannot be read: its signature is not whole octets")
    if version is not x509.Version.v3:
        raise CertificateError(f"{words} is not X.509 version 3")
    if serial <= 0 or serial.bit_length() > _MAX_SERIAL_BITS:
        raise CertificateError(f"{words} cannot be read: its serial number is not one of 1 to 20 octets")
    if isinstance(key, EllipticCurvePublicKey) and not _names_its_curve(certificate, key):
        raise CertificateError(f"{words} cannot be read: its key's curve is not a named one")
    return certificate
