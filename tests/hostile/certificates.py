"""Certificates written field by field, with nothing of the gateway and of its certificate library in them.

Right by default, wrong in what is asked for: every field can be given as DER, an extension is left out by
None and doubled by `more`. Of `cryptography` only keys and signatures are used.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.hostile.der import (
    IA5,
    NULL,
    OCTET_STRING,
    TRUE,
    UTF8,
    bits,
    explicit,
    implicit,
    integer,
    name,
    named_bits,
    oid,
    seq,
    tlv,
    utc_time,
)

DAY = 86_400
NOW = int(time.time())
POLICY = "2.16.840.1.114569.1.1.4"
ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA1 = (seq(oid(f"1.2.840.10045.4.{arc}")) for arc in ("3.2", "3.3", "1"))
RSA_SHA256, RSA_SHA1 = (seq(oid(f"1.2.840.113549.1.1.{arc}"), tlv(NULL)) for arc in (11, 5))
SIGN, CERTIFICATES, LISTS = 0, 5, 6
"""Bits of a key usage."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extension = bytes
_serials = itertools.count(0x5000)


def new_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def person(common_name: str, *, string: int = UTF8) -> bytes:
    country = ("2.5.4.6", "US")
    return name(country, ("2.5.4.10", "Outside"), ("2.5.4.3", common_name), string=string)


@dataclass(frozen=True)
class Made:
    """A certificate, its subject and its key."""

    der: bytes
    subject: bytes
    key: Key = field(repr=False)
    issuer: bytes = b""
    serial: int = 0

    @property
    def pem(self) -> bytes:
        return armour(self.der)


def armour(der: bytes, label: str = "CERTIFICATE", end: str = "\n") -> bytes:
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return end.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def spki(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: Key) -> bytes:
    return hashlib.sha1(spki(key), usedforsecurity=False).digest()


# --- extensions ----------------------------------------------------------------------------------


def extension(dotted: str, value: bytes, *, critical: bool = False) -> Extension:
    return seq(oid(dotted), TRUE if critical else b"", tlv(OCTET_STRING, value))


def constraints(*, ca: bool, path_length: int | None = None, critical: bool = True) -> Extension:
    length = b"" if path_length is None else integer(path_length)
    return extension("2.5.29.19", seq(TRUE if ca else b"", length), critical=critical)


def usage(*numbers: int, critical: bool = True) -> Extension:
    return extension("2.5.29.15", named_bits(*numbers), critical=critical)


def subject_key(octets: bytes, *, critical: bool = False) -> Extension:
    return extension("2.5.29.14", tlv(OCTET_STRING, octets), critical=critical)


def authority_key(octets: bytes, *, critical: bool = False) -> Extension:
    return extension("2.5.29.35", seq(implicit(0, octets)), critical=critical)


def policies(*dotted: str, critical: bool = False) -> Extension:
    return extension("2.5.29.32", seq(*(seq(oid(each)) for each in dotted)), critical=critical)


def extended_usage(*dotted: str, critical: bool = False) -> Extension:
    return extension("2.5.29.37", seq(*map(oid, dotted)), critical=critical)


def uri(text: str) -> bytes:
    """A GeneralName."""
    return implicit(6, text.encode())


def directory(subject: bytes) -> bytes:
    """A GeneralName."""
    return explicit(4, subject)


def pointers(*points: bytes, critical: bool = False) -> Extension:
    return extension("2.5.29.31", seq(*points), critical=critical)


def point(*names: bytes, issuer: bytes | None = None, relative: bytes | None = None) -> bytes:
    """A DistributionPoint: general names, or a name relative to its issuer's; who signs the list."""
    where = explicit(0, *names) if names else b"" if relative is None else explicit(1, relative)
    by = b"" if issuer is None else explicit(2, directory(issuer))
    return seq(explicit(0, where) if where else b"", by)


def tn_list(*entries: bytes, critical: bool = False) -> Extension:
    return extension("1.3.6.1.5.5.7.1.26", seq(*entries), critical=critical)


def code(text: str) -> bytes:
    return explicit(0, tlv(IA5, text.encode()))


def numbers(start: str, count: int) -> bytes:
    return explicit(1, seq(tlv(IA5, start.encode()), integer(count)))


def number(text: str) -> bytes:
    return explicit(2, tlv(IA5, text.encode()))


# --- certificates --------------------------------------------------------------------------------


def sign(message: bytes, key: Key, digest: HashAlgorithm | None = None) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), digest or SHA256())
    return key.sign(message, ec.ECDSA(digest or SHA256()))


def certificate(
    subject: bytes,
    extensions: Mapping[str, Extension | None],
    *,
    issuer: Made | None,
    key: Key | None = None,
    more: Iterable[Extension] = (),
    version: bytes = explicit(0, integer(2)),
    serial: int | None = None,
    algorithm: bytes | None = None,
    outer_algorithm: bytes | None = None,
    digest: HashAlgorithm | None = None,
    issuer_name: bytes | None = None,
    not_before: bytes | int = NOW - 9 * DAY,
    not_after: bytes | int = NOW + 9 * DAY,
    public_key: bytes | None = None,
    after: bytes = b"",
    within: bytes = b"",
    change: Callable[[bytes], bytes] = lambda signature: signature,
) -> Made:
    """Sign a certificate; without an issuer it signs itself. `after` and `within` are bytes too many."""
    own = key or new_key()
    by = issuer.key if issuer else own
    usual = RSA_SHA256 if isinstance(by, rsa.RSAPrivateKey) else ECDSA_SHA256
    inner = algorithm or usual
    named = issuer_name if issuer_name is not None else issuer.subject if issuer else subject
    dates = seq(*(utc_time(each) if isinstance(each, int) else each for each in (not_before, not_after)))
    listed = [each for each in extensions.values() if each is not None] + list(more)
    number_of_its_own = next(_serials) if serial is None else serial
    tbs = seq(
        version, integer(number_of_its_own), inner, named, dates, subject,
        spki(own) if public_key is None else public_key,
        explicit(3, seq(*listed)) if listed else b"", within,
    )  # fmt: skip
    signature = change(sign(tbs, by, digest))
    der = seq(tbs, outer_algorithm or inner, bits(signature)) + after
    return Made(der, subject, own, named, number_of_its_own)


def authority(
    common_name: str,
    issuer: Made | None,
    changes: Mapping[str, Extension | None] | None = None,
    *,
    path_length: int | None = None,
    **how: object,
) -> Made:
    """An authority; without an issuer a root."""
    own: Key = how.pop("key", None) or new_key()  # type: ignore[assignment]
    extensions: dict[str, Extension | None] = {
        "constraints": constraints(ca=True, path_length=path_length),
        "usage": usage(CERTIFICATES, LISTS),
        "subject_key": subject_key(key_id(own)),
        "authority_key": authority_key(key_id(issuer.key)) if issuer else None,
        "policies": policies(POLICY) if issuer else None,
    }
    subject: bytes = how.pop("subject", None) or person(common_name)  # type: ignore[assignment]
    return certificate(subject, extensions | dict(changes or {}), issuer=issuer, key=own, **how)  # type: ignore[arg-type]


def leaf(issuer: Made | None, changes: Mapping[str, Extension | None] | None = None, **how: object) -> Made:
    """A provider's certificate by the profile of ATIS-1000080, without a pointer to a revocation list."""
    own: Key = how.pop("key", None) or new_key()  # type: ignore[assignment]
    extensions: dict[str, Extension | None] = {
        "constraints": constraints(ca=False),
        "usage": usage(SIGN),
        "subject_key": subject_key(key_id(own)),
        "authority_key": authority_key(key_id(issuer.key if issuer else own)),
        "policies": policies(POLICY),
        "pointers": None,
        "tn_list": tn_list(code("709J")),
    }
    subject: bytes = how.pop("subject", None) or person("SHAKEN 709J")  # type: ignore[assignment]
    return certificate(subject, extensions | dict(changes or {}), issuer=issuer, key=own, **how)  # type: ignore[arg-type]
