"""Certificates made by the `openssl` command: nothing of the gateway or its libraries in them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

DAY = 86_400
SPC_DER = "DER:30:08:a0:06:16:04:37:30:39:4a"
"""A TNAuthList of the provider code 709J, as RFC 8226 section 9 has it encoded."""

AUTHORITY = """
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
SHAKEN = f"""
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 2.16.840.1.114569.1.1.4
crlDistributionPoints = URI:https://authenticate-api.iconectiv.com/download/v1/crl
1.3.6.1.5.5.7.1.26 = {SPC_DER}
"""
"""The profile of ATIS-1000080, as an authority's configuration would have it."""

_CA_SECTION = """
[ca]
default_ca = here
[here]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
default_crl_days = 2
policy = anything
unique_subject = no
[anything]
countryName = optional
organizationName = optional
commonName = supplied
[extensions]
{extensions}
"""


def openssl(*arguments: str) -> None:
    """Run it; its own words are the failure's."""
    done = subprocess.run(["openssl", *arguments], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path
    directory: Path

    @property
    def pem(self) -> bytes:
        return self.certificate.read_bytes()

    @property
    def private_key(self) -> ec.EllipticCurvePrivateKey:
        key = load_pem_private_key(self.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def make_certificate(
    directory: Path,
    *,
    issuer: Certificate | None = None,
    subject: str = "/C=US/O=Example Carrier/CN=SHAKEN 709J",
    extensions: str = SHAKEN,
    algorithm: tuple[str, ...] = ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    days: tuple[float, float] = (-1, 1),
) -> Certificate:
    """A certificate valid between two days from now; without an issuer it is self-signed."""
    directory.mkdir(parents=True)
    made = Certificate(directory / "certificate.pem", directory / "key.pem", directory)
    request, config = directory / "request.pem", directory / "openssl.cnf"
    by = issuer or made
    (directory / "index.txt").touch()
    config.write_text(_CA_SECTION.format(directory=by.directory, extensions=extensions))
    openssl("genpkey", "-algorithm", *algorithm, "-out", str(made.key))
    openssl(
        "req", "-new", "-config", "/dev/null", "-key", str(made.key), "-subj", subject, "-out", str(request)
    )
    signing = ("-selfsign",) if issuer is None else ("-cert", str(issuer.certificate))
    start, end = (datetime.fromtimestamp(time() + day * DAY, UTC).strftime("%Y%m%d%H%M%SZ") for day in days)
    openssl(
        "ca", "-batch", "-notext", "-preserveDN", "-config", str(config), "-extensions", "extensions",
        "-keyfile", str(by.key), *signing, "-startdate", start, "-enddate", end,
        "-in", str(request), "-out", str(made.certificate),
    )  # fmt: skip
    return made


def revoke(issuer: Certificate, revoked: Certificate) -> bytes:
    """Enter a certificate into its issuer's list, and the list (PEM)."""
    config, crl = issuer.directory / "revocation.cnf", issuer.directory / "crl.pem"
    config.write_text(_CA_SECTION.format(directory=issuer.directory, extensions=""))
    files = ("-config", str(config), "-keyfile", str(issuer.key), "-cert", str(issuer.certificate))
    openssl("ca", *files, "-revoke", str(revoked.certificate))
    openssl("ca", *files, "-gencrl", "-out", str(crl))
    return crl.read_bytes()
