"""The certificates under which a trust list must be signed, as the operator pinned them in a directory."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.certificates.reading import CertificateError, read_certificates
from gateway.fetch.kinds import TRUST_LIST
from gateway.generation.problem import Problem
from gateway.generation.settings import Settings
from gateway.generation.trust_settings import Domain, named_domains

_SUFFIXES: Final = (".pem", ".crt", ".cer", ".der")


def digests_of(signers: tuple[x509.Certificate, ...]) -> tuple[str, ...]:
    """Equal for the same certificates, in whatever order."""
    return tuple(sorted(sha256(each.public_bytes(Encoding.DER)).hexdigest() for each in signers))


def read_signers(directory: Path) -> tuple[x509.Certificate, ...]:
    """Read the pinned certificates. Raises CertificateError (a phrase) and OSError."""
    found: dict[x509.Certificate, None] = {}
    for path in sorted(directory.iterdir()):
        if path.suffix in _SUFFIXES and path.is_file():
            found |= dict.fromkeys(read_certificates(read_whole_file(path)))
    if not found:
        raise CertificateError("holds no certificate")
    return tuple(found)


def trust_list_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the directories of those who sign trust lists."""
    problems: list[Problem] = []
    for _, domain in named_domains(settings.trust, settings.trust_domain):
        directory = domain.trust_list_signers_directory
        if directory is not None:
            try:
                read_signers(Path(directory))
            except CertificateError as error:
                problems.append(Problem(directory, None, "", str(error)))
            except OSError as error:
                problems.append(Problem(directory, None, "", f"cannot be read: {error.strerror}"))
    return problems


def signers_or_none(domain: Domain) -> tuple[x509.Certificate, ...]:
    """Without a pinned certificate nothing is believed; a reload has said why."""
    try:
        return read_signers(Path(domain.trust_list_signers_directory or ""))
    except (CertificateError, OSError):
        return ()


def read_whole_file(path: Path) -> bytes:
    """As much of a file as a list or a pin may have. Raises OSError."""
    with path.open("rb") as file:
        return file.read(TRUST_LIST.most_bytes)
