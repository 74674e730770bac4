"""Whom to believe: the trust part of a generation, built whole or not at all.

Anchors are the STI-PA's list and nothing else (ATIS-1000080, RFC 8226 section 5; never the system's
store). No anchors is a problem, not a permission and not a silent refusal of everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import Store

from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.reading import CertificateError, read_certificates, show
from gateway.certificates.revocation import RevocationLists, build_revocation_lists
from gateway.certificates.revocation_list import RevocationList, RevocationListError, read_revocation_lists


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file, in a phrase that follows the file's name."""

    file: str
    message: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything a chain is judged by; equal digests judge equally."""

    anchors: tuple[x509.Certificate, ...]
    crl_issuers: tuple[x509.Certificate, ...]
    crls: RevocationLists
    policy_oids: frozenset[str]
    digest: str
    """SHA-256, hex, over the content in DER, whatever the files' names, form and order."""
    store: Store = field(compare=False, repr=False)
    """The anchors as the path builder wants them."""


def build_trust(
    *,
    anchors: Sequence[tuple[str, bytes]],
    crl_issuers: Sequence[tuple[str, bytes]] = (),
    crls: Sequence[tuple[str, bytes]] = (),
    policy_oids: Iterable[str] = DEFAULT_POLICY_OIDS,
) -> Trust | list[Problem]:
    """Build from files given as name and content (PEM, several to a file, or DER).

    Returns every problem there is rather than the first, and then no trust at all.
    """
    problems: list[Problem] = []
    roots = _certificates(anchors, problems)
    for name, certificate in roots:
        why = _why_no_anchor(certificate)
        if why is not None:
            problems.append(Problem(name, f"{show(certificate.subject.rfc4514_string())} {why}"))
    if not anchors:
        problems.append(Problem("", "there is no trust anchor, so no call could ever be verified"))
    issuers = _certificates(crl_issuers, problems)
    lists = _lists(crls, problems)
    policies = frozenset(policy_oids)
    if not policies:
        problems.append(Problem("", "no certificate policy is accepted, so no call could ever be verified"))
    anchor_certificates = _distinct(roots)
    issuer_certificates = _distinct(issuers)
    revocation, unusable = build_revocation_lists(lists, (*issuer_certificates, *anchor_certificates))
    problems.extend(Problem(name, message) for name, message in unusable)
    if problems:
        return problems
    return Trust(
        anchors=anchor_certificates,
        crl_issuers=issuer_certificates,
        crls=revocation,
        policy_oids=policies,
        digest=_digest(anchor_certificates, issuer_certificates, lists, policies),
        store=Store(list(anchor_certificates)),
    )


def _certificates(
    files: Sequence[tuple[str, bytes]], problems: list[Problem]
) -> list[tuple[str, x509.Certificate]]:
    read: list[tuple[str, x509.Certificate]] = []
    for name, data in files:
        try:
            read.extend((name, certificate) for certificate in read_certificates(data))
        except CertificateError as error:
            problems.append(Problem(name, str(error)))
    return read


def _lists(files: Sequence[tuple[str, bytes]], problems: list[Problem]) -> tuple[RevocationList, ...]:
    read: dict[str, RevocationList] = {}
    for name, data in files:
        try:
            for crl in read_revocation_lists(name, data):
                read.setdefault(crl.fingerprint, crl)
        except RevocationListError as error:
            problems.append(Problem(name, str(error)))
    return tuple(read.values())


def _why_no_anchor(certificate: x509.Certificate) -> str | None:
    authority = False
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.BasicConstraints):
            authority = extension.value.ca
        # Roots in use have no key usage at all; RFC 5280 section 4.2.1.3 then restricts nothing.
        if isinstance(extension.value, x509.KeyUsage) and not extension.value.key_cert_sign:
            return "may not sign certificates and cannot be a trust anchor"
    return None if authority else "is not an authority's certificate and cannot be a trust anchor"


def _distinct(named: list[tuple[str, x509.Certificate]]) -> tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys(certificate for _, certificate in named))


def _digest(
    anchors: tuple[x509.Certificate, ...],
    issuers: tuple[x509.Certificate, ...],
    lists: tuple[RevocationList, ...],
    policies: frozenset[str],
) -> str:
    parts = (
        *(b"anchor " + certificate.public_bytes(Encoding.DER) for certificate in anchors),
        *(b"crl issuer " + certificate.public_bytes(Encoding.DER) for certificate in issuers),
        *(b"crl " + crl.fingerprint.encode() for crl in lists),
        *(b"policy " + policy.encode() for policy in policies),
    )
    # Each part is hashed by itself first, so that no two contents can be cut differently into one stream.
    digests = sorted(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(b"".join(digests)).hexdigest()
