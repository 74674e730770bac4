"""One trust domain: a country's STI-PA, or a private one; built whole or not at all.

Anchors are the STI-PA's list and nothing else (ATIS-1000080, RFC 8226 section 5; never the system's
store). No anchors is a problem, not a permission and not a silent refusal of everything. A domain holds
all that its certificates are judged by, so that none borrows another's policies, lists or tolerance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import Store

from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.reading import CertificateError, read_certificates, show
from gateway.certificates.revocation import RevocationLists, build_revocation_lists
from gateway.certificates.revocation_list import RevocationList, RevocationListError, read_revocation_lists
from gateway.certificates.revocation_state import RevocationPolicy

NamedFiles: TypeAlias = Sequence[tuple[str, bytes]]
"""Files as name and content: PEM, several to a file, or DER."""

DEFAULT_DOMAIN: Final = "default"
DOMAIN_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
X5U_PREFIX: Final = re.compile(r"https://[^/?#@]+/(?:[^?#]*/)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file, in a phrase that follows the file's name."""

    file: str
    message: str
    domain: str = DEFAULT_DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFiles:
    """What a trust domain is made of, before anybody judged it."""

    name: str
    anchors: NamedFiles
    crl_issuers: NamedFiles = ()
    crls: NamedFiles = ()
    fetched_crls: Sequence[RevocationList] = ()
    """Lists that were fetched for whichever domain they fit; those that do not fit this one are left out."""
    listed_anchors: NamedFiles = ()
    """Anchors from the domain's trust list, besides its own."""
    has_trust_list: bool = False
    """Whether anchors come from a trust list too: until it has been obtained there may be none."""
    policy_oids: Iterable[str] = DEFAULT_POLICY_OIDS
    x5u_prefixes: Sequence[str] = ()
    """Where the domain publishes certificates, when it says so; each ends with a slash. Empty: anywhere."""
    allow_delegate_shaken: bool = False
    """Whether delegate certificates may sign `shaken` (ATIS-1000092 has them sign other types)."""
    revocation: RevocationPolicy = field(default_factory=RevocationPolicy)


@dataclass(frozen=True, slots=True)
class TrustDomain:
    """Everything a chain is judged by in one domain; equal digests judge equally."""

    name: str
    anchors: tuple[x509.Certificate, ...]
    crl_issuers: tuple[x509.Certificate, ...]
    crls: RevocationLists
    policy_oids: frozenset[str]
    x5u_prefixes: tuple[str, ...]
    allow_delegate_shaken: bool
    revocation: RevocationPolicy
    digest: str
    """SHA-256, hex, over the content in DER, whatever the files' names, form and order."""
    store: Store | None = field(compare=False, repr=False)
    """The anchors as the path builder wants them; None while there are none."""


def build_domain(files: DomainFiles) -> TrustDomain | list[Problem]:
    """Build one domain; every problem there is rather than the first, and then no domain at all."""
    problems: list[Problem] = _rule_problems(files)
    roots = _certificates((*files.anchors, *files.listed_anchors), problems)
    for name, certificate in roots:
        why = why_no_anchor(certificate)
        if why is not None:
            problems.append(Problem(name, f"{show(certificate.subject.rfc4514_string())} {why}"))
    if not files.anchors and not files.has_trust_list:
        problems.append(Problem("", "there is no trust anchor, so no call could ever be verified"))
    issuers = _certificates(files.crl_issuers, problems)
    own_lists = _lists(files.crls, problems)
    policies = frozenset(files.policy_oids)
    if not policies:
        problems.append(Problem("", "no certificate policy is accepted, so no call could ever be verified"))
    anchor_certificates = _distinct(roots)
    issuer_certificates = _distinct(issuers)
    _, unfit = build_revocation_lists(
        tuple(files.fetched_crls), issuers=issuer_certificates, anchors=anchor_certificates
    )
    left_out = {name for name, _ in unfit}
    lists = (*own_lists, *(crl for crl in files.fetched_crls if crl.file not in left_out))
    revocation, unusable = build_revocation_lists(
        lists, issuers=issuer_certificates, anchors=anchor_certificates
    )
    problems.extend(Problem(name, message) for name, message in unusable)
    if problems:
        return problems
    return TrustDomain(
        name=files.name,
        anchors=anchor_certificates,
        crl_issuers=issuer_certificates,
        crls=revocation,
        policy_oids=policies,
        x5u_prefixes=tuple(files.x5u_prefixes),
        allow_delegate_shaken=files.allow_delegate_shaken,
        revocation=files.revocation,
        digest=_digest(files, anchor_certificates, issuer_certificates, lists, policies),
        store=Store(list(anchor_certificates)) if anchor_certificates else None,
    )


def why_no_anchor(certificate: x509.Certificate) -> str | None:
    """Say why a certificate cannot be a trust anchor, or None."""
    authority = False
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.BasicConstraints):
            authority = extension.value.ca
        # Roots in use have no key usage at all; RFC 5280 section 4.2.1.3 then restricts nothing.
        if isinstance(extension.value, x509.KeyUsage) and not extension.value.key_cert_sign:
            return "may not sign certificates and cannot be a trust anchor"
    return None if authority else "is not an authority's certificate and cannot be a trust anchor"


def _rule_problems(files: DomainFiles) -> list[Problem]:
    problems: list[Problem] = []
    if DOMAIN_NAME.fullmatch(files.name) is None:
        problems.append(Problem("", "the trust domain's name is not of a-z, 0-9 and hyphens"))
    # Without its slash, https://api.example.org would also begin https://api.example.org.example.com/.
    problems.extend(
        Problem("", f"the address {show(prefix)} is not https:// with a path that ends with a slash")
        for prefix in files.x5u_prefixes
        if X5U_PREFIX.fullmatch(prefix) is None
    )
    if files.revocation.overdue_grace_seconds < 0:
        problems.append(Problem("", "the grace for overdue revocation lists is negative"))
    return problems


def _certificates(files: NamedFiles, problems: list[Problem]) -> list[tuple[str, x509.Certificate]]:
    read: list[tuple[str, x509.Certificate]] = []
    for name, data in files:
        try:
            read.extend((name, certificate) for certificate in read_certificates(data))
        except CertificateError as error:
            problems.append(Problem(name, str(error)))
    return read


def _lists(files: NamedFiles, problems: list[Problem]) -> tuple[RevocationList, ...]:
    read: dict[str, RevocationList] = {}
    for name, data in files:
        try:
            for crl in read_revocation_lists(name, data):
                read.setdefault(crl.fingerprint, crl)
        except RevocationListError as error:
            problems.append(Problem(name, str(error)))
    return tuple(read.values())


def _distinct(named: list[tuple[str, x509.Certificate]]) -> tuple[x509.Certificate, ...]:
    return tuple(dict.fromkeys(certificate for _, certificate in named))


def _digest(
    files: DomainFiles,
    anchors: tuple[x509.Certificate, ...],
    issuers: tuple[x509.Certificate, ...],
    lists: tuple[RevocationList, ...],
    policies: frozenset[str],
) -> str:
    rules = (
        f"shaken by delegates {files.allow_delegate_shaken}",
        f"overdue {files.revocation.overdue_grace_seconds} wait {files.revocation.wait_for_missing}",
        f"unobtainable {files.revocation.refuse_unobtainable}",
    )
    parts = (
        *(b"anchor " + certificate.public_bytes(Encoding.DER) for certificate in anchors),
        *(b"crl issuer " + certificate.public_bytes(Encoding.DER) for certificate in issuers),
        *(b"crl " + crl.fingerprint.encode() for crl in lists),
        *(b"policy " + policy.encode() for policy in policies),
        *(b"x5u " + prefix.encode() for prefix in files.x5u_prefixes),
        *(b"rule " + rule.encode() for rule in rules),
    )
    # Each part is hashed by itself first, so that no two contents can be cut differently into one stream.
    digests = sorted(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(b"".join(digests)).hexdigest()
