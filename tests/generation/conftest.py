from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.generation.texts import POLICY_FILES, DomainRules, Texts

COMMITTED = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def anchor_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="session")
def committed(anchor_pem: bytes) -> Mapping[str, bytes]:
    """The policy files as they are in the project, with a trust anchor."""
    files = {name: (COMMITTED / name).read_bytes() for name in POLICY_FILES}
    return {**files, "anchors/root.pem": anchor_pem}


def texts_of(files: Mapping[str, bytes], **variables: str) -> Texts:
    return Texts(
        files=files,
        domains=(DomainRules(policy_oids=tuple(sorted(DEFAULT_POLICY_OIDS))),),
        variables=variables,
    )
