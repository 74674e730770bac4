"""Certificates to try the gateway with: a SHAKEN chain of its own, and TLS for the repository listener.

What a carrier gets from its STI-CA, made here in a moment: root, intermediate and signing certificate
after ATIS-1000080 (section 6.4.1), an empty indirect revocation list, and a TLS certificate for
`localhost`. The keys of the authorities are thrown away, so nothing more can ever be issued under them.
Not for production: whoever trusts `root.pem` trusts a root that anyone could have made.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.certificates.reading import CertificateError, read_certificates
from gateway.certificates.tnauthlist import TN_AUTH_LIST_OID, TnAuthList, render_tn_auth_list

_YEAR: Final = timedelta(days=365)
_SKEW: Final = timedelta(hours=1)
"""How long before it is made a certificate is valid, for machines whose clocks are late."""
_POLICY: Final = "2.16.840.1.114569.1.1.4"
_CRL_URL: Final = "https://localhost:8443/crl"
_CRL_ISSUER: Final = "Development CRL issuer"


@dataclass(frozen=True, slots=True)
class DevelopmentPki:
    """Where everything is."""

    root: Path
    intermediate: Path
    shaken: Path
    """What is published at x5u: the signing certificate, then the intermediate."""
    shaken_key: Path
    tls: Path
    tls_key: Path
    tls_ca: Path
    crl: Path
    crl_issuer: Path

    @classmethod
    def within(cls, directory: Path) -> DevelopmentPki:
        """Name the files in a directory, whether they are there or not."""
        return cls(
            root=directory / "root.pem",
            intermediate=directory / "intermediate.pem",
            shaken=directory / "shaken.pem",
            shaken_key=directory / "shaken.key",
            tls=directory / "tls.pem",
            tls_key=directory / "tls.key",
            tls_ca=directory / "tls-ca.pem",
            crl=directory / "crl.pem",
            crl_issuer=directory / "crl-issuer.pem",
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them; the signing certificate last, which is also the last to be written."""
        others = (getattr(self, field.name) for field in fields(self) if field.name != "shaken")
        return (*others, self.shaken)


@dataclass(frozen=True, slots=True)
class _Issued:
    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_development_pki(directory: Path, *, spc: str = "818H", now: int) -> DevelopmentPki:
    """Make the files, or leave a complete and unexpired set alone; `now` in epoch seconds.

    Private keys get mode 0600. Raises TnAuthListError when `spc` is no provider code, OSError when the
    directory cannot be written.
    """
    paths = DevelopmentPki.within(directory)
    moment = datetime.fromtimestamp(now, UTC)
    if _is_complete(paths, moment):
        return paths
    contents = {**_shaken_contents(paths, spc, moment), **_tls_contents(paths, moment)}
    directory.mkdir(parents=True, exist_ok=True)
    # An interrupted run leaves a set without it, which is made again as a whole.
    paths.shaken.unlink(missing_ok=True)
    for path in paths.files:
        _write(path, contents[path], mode=0o600 if path.suffix == ".key" else 0o644)
    return paths


def _is_complete(paths: DevelopmentPki, moment: datetime) -> bool:
    if not all(path.is_file() for path in paths.files):
        return False
    try:
        parts = (*read_certificates(paths.shaken.read_bytes()), *read_certificates(paths.tls.read_bytes()))
    except CertificateError:
        return False
    return all(part.not_valid_before_utc <= moment < part.not_valid_after_utc for part in parts)


def _shaken_contents(paths: DevelopmentPki, spc: str, moment: datetime) -> dict[Path, bytes]:
    tn_auth_list = x509.UnrecognizedExtension(TN_AUTH_LIST_OID, render_tn_auth_list(TnAuthList((spc,))))
    crl_issuer = _issue(_CRL_ISSUER, _usage(crl_sign=True), moment, lasting=10 * _YEAR)
    pointer = x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(_CRL_URL)],
                relative_name=None,
                reasons=None,
                crl_issuer=[x509.DirectoryName(crl_issuer.certificate.subject)],
            )
        ]
    )
    policies = x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(_POLICY), None)])
    authority = _usage(key_cert_sign=True)
    root = _issue("Development SHAKEN ROOT", authority, moment, lasting=10 * _YEAR, path_length=1)
    intermediate = _issue(
        "Development SHAKEN Issuing CA",
        authority,
        moment,
        lasting=5 * _YEAR,
        issuer=root,
        path_length=0,
        extensions=(policies, pointer),
    )
    leaf = _issue(
        f"SHAKEN {spc}",
        _usage(digital_signature=True),
        moment,
        lasting=_YEAR,
        issuer=intermediate,
        extensions=(policies, pointer, tn_auth_list),
    )
    return {
        paths.root: root.pem,
        paths.intermediate: intermediate.pem,
        paths.shaken: leaf.pem + intermediate.pem,
        paths.shaken_key: leaf.key_pem,
        paths.crl: _empty_list(crl_issuer, moment),
        paths.crl_issuer: crl_issuer.pem,
    }


def _tls_contents(paths: DevelopmentPki, moment: datetime) -> dict[Path, bytes]:
    authority = _usage(key_cert_sign=True)
    tls_ca = _issue("Development TLS CA", authority, moment, lasting=10 * _YEAR, path_length=0)
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.DNSName("callmark.localhost"),
            x509.IPAddress(ip_address("127.0.0.1")),
            x509.IPAddress(ip_address("::1")),
        ]
    )
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    usage = _usage(digital_signature=True)
    tls = _issue("localhost", usage, moment, lasting=_YEAR, issuer=tls_ca, extensions=(names, purpose))
    return {paths.tls: tls.pem, paths.tls_key: tls.key_pem, paths.tls_ca: tls_ca.pem}


def _issue(
    common_name: str,
    usage: x509.KeyUsage,
    moment: datetime,
    *,
    lasting: timedelta,
    issuer: _Issued | None = None,
    path_length: int | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> _Issued:
    key = generate_private_key(SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Callmark development"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    signer = issuer.key if issuer else key
    constraints = x509.BasicConstraints(ca=path_length is not None, path_length=path_length)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _SKEW)
        .not_valid_after(moment + lasting)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return _Issued(builder.sign(signer, SHA256()), key)


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _empty_list(issuer: _Issued, moment: datetime) -> bytes:
    point = x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(_CRL_URL)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=True,
        only_contains_attribute_certs=False,
    )
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(moment - _SKEW)
        .next_update(moment + _YEAR)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
        .add_extension(point, critical=True)
    )
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Replace the file in one step; a key is never readable by others, not even for a moment."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
