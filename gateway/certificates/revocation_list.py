"""Bytes to revocation lists (RFC 5280 section 5), read to the end and ready for look-ups.

What a list says is decided here; whether it may be believed, in `gateway.certificates.revocation`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from gateway.certificates.reading import UNREADABLE, ends_with_signature, show

NameKey: TypeAlias = tuple[frozenset[tuple[str, str]], ...]
"""A distinguished name as it is compared: RFC 5280 section 7.1, case and inner blanks aside."""

PointName: TypeAlias = str | NameKey
"""A name of a distribution point: an address, or a directory name."""

_PEM_CRL: Final = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_PEM_BEGIN: Final = b"-----BEGIN "
# RFC 5280 section 5.2 and 5.3: a critical extension that is not understood makes the list unusable.
_LIST_EXTENSIONS: Final = frozenset({ExtensionOID.ISSUING_DISTRIBUTION_POINT})
_ENTRY_EXTENSIONS: Final = frozenset(
    {CRLEntryExtensionOID.CERTIFICATE_ISSUER, CRLEntryExtensionOID.CRL_REASON}
)


class RevocationListError(ValueError):
    """The bytes are no usable revocation list; `args[0]` says in one sentence why."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One list: whom it revokes, and for whom its silence could speak. Times are epoch seconds."""

    file: str
    crl: x509.CertificateRevocationList
    fingerprint: str
    issuer: NameKey
    this_update: int
    next_update: int | None
    indirect: bool
    complete: bool
    """False when the list holds some revocation reasons only (onlySomeReasons)."""
    covers_leaves: bool
    covers_authorities: bool
    names: frozenset[PointName]
    """Where the list says it is published; empty when it does not."""
    revoked: Mapping[NameKey, frozenset[int]]
    """Serial numbers by the name of the certificates' issuer."""

    @property
    def urls(self) -> frozenset[str]:
        """Those of the names that are addresses."""
        return frozenset(name for name in self.names if isinstance(name, str))


def name_key(name: x509.Name) -> NameKey:
    """Make a name comparable: the same whether an issuer wrote UTF8String or PrintableString."""
    return tuple(
        frozenset((part.oid.dotted_string, _folded(part.value)) for part in rdn) for rdn in name.rdns
    )


def point_names(
    point: x509.IssuingDistributionPoint | x509.DistributionPoint, issuer: x509.Name
) -> frozenset[PointName]:
    """Give the names of a distribution point; a relative one begins as its list's issuer.

    RFC 5280 sections 4.2.1.13 and 5.2.5; `issuer` is who signs the list. Each name of another kind equals
    itself.
    """
    if point.relative_name is not None:
        return frozenset({name_key(x509.Name([*issuer.rdns, point.relative_name]))})
    names: set[PointName] = set()
    for each in point.full_name or ():
        if isinstance(each, x509.UniformResourceIdentifier):
            names.add(each.value)
        elif isinstance(each, x509.DirectoryName):
            names.add(name_key(each.value))
        else:
            names.add(repr(each))
    return frozenset(names)


def read_revocation_lists(file: str, data: bytes) -> tuple[RevocationList, ...]:
    """Read a file of one DER list or of any number of PEM lists, at least one.

    Raises RevocationListError, and nothing else.
    """
    if _PEM_BEGIN not in data:
        return (_read(file, data, der=True),)
    blocks = _PEM_CRL.findall(data)
    if not blocks:
        raise RevocationListError("holds no PEM revocation list")
    return tuple(_read(file, block, der=False) for block in blocks)


def _read(file: str, data: bytes, *, der: bool) -> RevocationList:
    try:
        crl = x509.load_der_x509_crl(data) if der else x509.load_pem_x509_crl(data)
        return _understood(file, crl)
    except RevocationListError:
        raise
    except UNREADABLE as error:
        raise RevocationListError(
            f"holds a revocation list that cannot be read: {show(str(error))}"
        ) from error


def _understood(file: str, crl: x509.CertificateRevocationList) -> RevocationList:
    encoded = crl.public_bytes(Encoding.DER)
    if not ends_with_signature(encoded, crl.signature):
        raise RevocationListError("holds a revocation list whose signature is not whole octets")
    point: x509.IssuingDistributionPoint | None = None
    for extension in crl.extensions:
        if extension.oid == ExtensionOID.DELTA_CRL_INDICATOR:
            raise RevocationListError("is a delta list; only complete lists are used")
        if extension.critical and extension.oid not in _LIST_EXTENSIONS:
            raise RevocationListError(f"has an unknown critical extension {extension.oid.dotted_string}")
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            point = extension.value
    if point is not None and point.only_contains_attribute_certs:
        raise RevocationListError("is a list of attribute certificates")
    issuer = name_key(crl.issuer)
    revoked: dict[NameKey, set[int]] = {}
    for entry_issuer, serial in _entries(crl, issuer):
        revoked.setdefault(entry_issuer, set()).add(serial)
    next_update = crl.next_update_utc
    return RevocationList(
        file=file,
        crl=crl,
        fingerprint=hashlib.sha256(encoded).hexdigest(),
        issuer=issuer,
        this_update=int(crl.last_update_utc.timestamp()),
        next_update=None if next_update is None else int(next_update.timestamp()),
        # A list that names other issuers in its entries is indirect, whether it says so or not.
        indirect=(point is not None and point.indirect_crl) or any(name != issuer for name in revoked),
        complete=point is None or not point.only_some_reasons,
        covers_leaves=point is None or not point.only_contains_ca_certs,
        covers_authorities=point is None or not point.only_contains_user_certs,
        names=frozenset() if point is None else point_names(point, crl.issuer),
        revoked={name: frozenset(serials) for name, serials in revoked.items()},
    )


def _entries(crl: x509.CertificateRevocationList, issuer: NameKey) -> Iterator[tuple[NameKey, int]]:
    """Issuer and serial of each entry; certificateIssuer holds until the next one (RFC 5280 5.3.3)."""
    current = issuer
    for entry in crl:
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CertificateIssuer):
                names = extension.value.get_values_for_type(x509.DirectoryName)
                if len(names) != 1:
                    raise RevocationListError("has an entry whose certificate issuer is not one name")
                current = name_key(names[0])
            elif extension.critical and extension.oid not in _ENTRY_EXTENSIONS:
                raise RevocationListError(
                    f"has an entry with an unknown critical extension {extension.oid.dotted_string}"
                )
        yield current, entry.serial_number


def _folded(value: str | bytes) -> str:
    return value.hex() if isinstance(value, bytes) else " ".join(value.split()).casefold()
