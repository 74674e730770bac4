"""Certificates and revocation lists for tests: right by default, wrong in the one way that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.x509.oid import NameOID

from gateway.certificates.tnauthlist import TN_AUTH_LIST_OID, TnAuthList, render_tn_auth_list

NOW = 1_795_000_000
"""The moment tests live in, epoch seconds (November 2026)."""
DAY = 86_400
POLICY = "2.16.840.1.114569.1.1.4"
CRL_URL = "https://crl.example.org/crl"
SPC = "818H"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | x25519.X25519PrivateKey
Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key = field(repr=False)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def new_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def usage(*, sign: bool = False, certificates: bool = False, lists: bool = False, encrypt: bool = False):
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=encrypt,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=lists,
        encipher_only=False,
        decipher_only=False,
    )


AUTHORITY_USAGE = usage(certificates=True, lists=True)
LISTS_USAGE = usage(lists=True)


def name(common_name: str, organization: str = "Example Carrier") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


CRL_ISSUER_NAME = name("STI-PA CRL", "STI-PA")


def policies(*oids: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    )


def tn_extension(tn_auth_list: TnAuthList | bytes) -> x509.UnrecognizedExtension:
    der = tn_auth_list if isinstance(tn_auth_list, bytes) else render_tn_auth_list(tn_auth_list)
    return x509.UnrecognizedExtension(TN_AUTH_LIST_OID, der)


def crl_pointer(url: str | None = CRL_URL, issuer: x509.Name | None = None) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(url)] if url else None,
                relative_name=None,
                reasons=None,
                crl_issuer=[x509.DirectoryName(issuer)] if issuer else None,
            )
        ]
    )


def issue(
    subject: x509.Name,
    extensions: Iterable[Extension],
    *,
    issuer: Issued | None = None,
    key: Key | None = None,
    not_before: int = NOW - 30 * DAY,
    not_after: int = NOW + 30 * DAY,
    serial: int | None = None,
    algorithm: hashes.HashAlgorithm | None = None,
    issuer_name: x509.Name | None = None,
) -> Issued:
    """Sign a certificate; without an issuer it is self-signed."""
    own = key or new_key()
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name or (issuer.certificate.subject if issuer else subject))
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(not_after, UTC))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Issued(builder.sign(signer, algorithm or hashes.SHA256()), own)


def make_root(
    common_name: str = "SHAKEN Test ROOT",
    *,
    ca: bool | None = True,
    key_usage: x509.KeyUsage | None = AUTHORITY_USAGE,
    extra: Sequence[Extension] = (),
    **how,
) -> Issued:
    own = how.pop("key", None) or new_key()
    how.setdefault("not_before", NOW - 1000 * DAY)
    how.setdefault("not_after", NOW + 1000 * DAY)
    return issue(name(common_name), _authority(own, ca, key_usage, None, None, extra), key=own, **how)


def make_intermediate(
    issuer: Issued,
    common_name: str = "SHAKEN Test Issuing CA",
    *,
    ca: bool | None = True,
    path_length: int | None = None,
    key_usage: x509.KeyUsage | None = AUTHORITY_USAGE,
    extra: Sequence[Extension] = (),
    **how,
) -> Issued:
    own = how.pop("key", None) or new_key()
    how.setdefault("not_before", NOW - 500 * DAY)
    how.setdefault("not_after", NOW + 500 * DAY)
    usual = ((policies(POLICY), False), (crl_pointer(issuer=CRL_ISSUER_NAME), False))
    extensions = _authority(own, ca, key_usage, path_length, issuer, (*usual, *extra))
    return issue(name(common_name), extensions, issuer=issuer, key=own, **how)


def _authority(own, ca, key_usage, path_length, issuer, extra) -> list[Extension]:
    extensions: list[Extension] = []
    if ca is not None:
        extensions.append((x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), True))
    if key_usage is not None:
        extensions.append((key_usage, True))
    extensions.append((x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False))
    if issuer is not None:
        extensions.append(_authority_key(issuer))
    return [*extensions, *extra]


def _authority_key(issuer: Issued) -> Extension:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False


def make_leaf(
    issuer: Issued,
    *,
    spc: str = SPC,
    common_name: str | None = None,
    tn_auth_list: TnAuthList | bytes | None = None,
    without: Iterable[type[x509.ExtensionType]] = (),
    replace: Iterable[Extension] = (),
    extra: Sequence[Extension] = (),
    **how,
) -> Issued:
    """A SHAKEN certificate; `without` and `replace` go by the extension's type."""
    own = how.pop("key", None) or new_key()
    by_type: dict[type, Extension] = {
        x509.BasicConstraints: (x509.BasicConstraints(ca=False, path_length=None), True),
        x509.KeyUsage: (usage(sign=True), True),
        x509.SubjectKeyIdentifier: (x509.SubjectKeyIdentifier.from_public_key(own.public_key()), False),
        x509.AuthorityKeyIdentifier: _authority_key(issuer),
        x509.CertificatePolicies: (policies(POLICY), False),
        x509.CRLDistributionPoints: (crl_pointer(issuer=CRL_ISSUER_NAME), False),
        x509.UnrecognizedExtension: (tn_extension(tn_auth_list or TnAuthList((spc,))), False),
    }
    by_type.update({type(extension): (extension, critical) for extension, critical in replace})
    for kind in without:
        del by_type[kind]
    how.setdefault("issuer", issuer)
    subject = how.pop("subject", name(common_name or f"SHAKEN {spc}"))
    return issue(subject, [*by_type.values(), *extra], key=own, **how)


def make_crl_issuer(*, key_usage: x509.KeyUsage | None = LISTS_USAGE, **how) -> Issued:
    extensions = [(key_usage, True)] if key_usage else []
    return issue(how.pop("subject", CRL_ISSUER_NAME), extensions, **how)


def make_crl(
    issuer: Issued,
    revoked: Iterable[Issued | tuple[x509.Name | None, int]] = (),
    *,
    indirect: bool = True,
    point: x509.IssuingDistributionPoint | None = None,
    this_update: int = NOW - DAY,
    next_update: int = NOW + DAY,
    extra: Sequence[Extension] = (),
    entry_extra: Sequence[Extension] = (),
    key: Key | None = None,
    pem: bool = True,
) -> bytes:
    """A revocation list; an entry is a certificate, or a serial with its issuer (None: carried forward)."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(datetime.fromtimestamp(this_update, UTC))
        .next_update(datetime.fromtimestamp(next_update, UTC))
        .add_extension(x509.CRLNumber(1), False)
    )
    if indirect and point is None:
        point = issuing_point(indirect=True)
    if point is not None:
        builder = builder.add_extension(point, True)
    for extension, critical in extra:
        builder = builder.add_extension(extension, critical)
    for one in revoked:
        entry_issuer, serial = (
            (one.certificate.issuer, one.certificate.serial_number) if isinstance(one, Issued) else one
        )
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(datetime.fromtimestamp(this_update, UTC) - timedelta(days=1))
        )
        if indirect and entry_issuer is not None:
            entry = entry.add_extension(x509.CertificateIssuer([x509.DirectoryName(entry_issuer)]), True)
        for extension, critical in entry_extra:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    crl = builder.sign(key or issuer.key, hashes.SHA256())
    return crl.public_bytes(serialization.Encoding.PEM if pem else serialization.Encoding.DER)


def issuing_point(
    *, url: str | None = CRL_URL, indirect: bool = False, users: bool = False, authorities: bool = False
) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(url)] if url else None,
        relative_name=None,
        only_contains_user_certs=users,
        only_contains_ca_certs=authorities,
        only_some_reasons=None,
        indirect_crl=indirect,
        only_contains_attribute_certs=False,
    )


@dataclass(frozen=True)
class Pki:
    """A root, an authority below it, and a certificate for signing calls."""

    root: Issued
    intermediate: Issued
    leaf: Issued

    @property
    def chain_pem(self) -> bytes:
        """What an x5u serves: leaf first, no root."""
        return self.leaf.pem + self.intermediate.pem


def make_pki(**leaf) -> Pki:
    root = make_root()
    intermediate = make_intermediate(root)
    return Pki(root, intermediate, make_leaf(intermediate, **leaf))


def even(signature: bytes) -> bytes:
    """A signature whose last bit is zero, as a BIT STRING that does not use it must have."""
    return signature[:-1] + bytes([signature[-1] & 0xFE])
