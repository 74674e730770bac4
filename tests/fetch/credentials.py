"""STIR certificates and trust for this room's tests: one authority, as many leaves as wanted."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.certificates.trust import Trust, build_trust

NOW = 1_795_378_385
DAY = 86_400
_POLICY = x509.ObjectIdentifier("2.16.840.1.114569.1.1.3")
_TN_AUTH_LIST = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.26")


class Authority:
    """A root that signs leaves for one provider code."""

    def __init__(self, common_name: str = "Test authority") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        self.certificate = (
            x509.CertificateBuilder(self.name, self.name, self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_time(NOW - 1_000 * DAY))
            .not_valid_after(_time(NOW + 1_000 * DAY))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def leaf(self, *, not_before: int = NOW - DAY, not_after: int = NOW + 100 * DAY) -> bytes:
        """A new SHAKEN leaf in PEM."""
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "GB"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Provider"),
                x509.NameAttribute(NameOID.COMMON_NAME, "SHAKEN 709J"),
            ]
        )
        certificate = (
            x509.CertificateBuilder(self.name, subject, key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_time(not_before))
            .not_valid_after(_time(not_after))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(authority=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.CertificatePolicies([x509.PolicyInformation(_POLICY, None)]), critical=False)
            # SEQUENCE { [0] EXPLICIT IA5String "709J" } (RFC 8226 section 9)
            .add_extension(
                x509.UnrecognizedExtension(_TN_AUTH_LIST, bytes.fromhex("3008a0061604") + b"709J"),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def trust(self, *others: Authority) -> Trust:
        """Believe this authority and the others."""
        anchors = [
            (f"{index}.pem", authority.certificate.public_bytes(serialization.Encoding.PEM))
            for index, authority in enumerate((self, *others))
        ]
        built = build_trust(anchors=anchors)
        assert isinstance(built, Trust), built
        return built


def _time(epoch_seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch_seconds, tz=dt.UTC)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
