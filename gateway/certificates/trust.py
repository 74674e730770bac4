"""Whom to believe: the trust part of a generation, one trust domain or several side by side.

A certificate is judged in one domain at a time, in the order in which they stand; the first in which all of
it holds is its domain (`ValidatedChain.domain`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cryptography import x509

from gateway.certificates.domain import (
    DEFAULT_DOMAIN,
    DomainFiles,
    NamedFiles,
    Problem,
    TrustDomain,
    build_domain,
)
from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.revocation_state import RevocationPolicy

__all__ = ["DEFAULT_DOMAIN", "DomainFiles", "Problem", "Trust", "TrustDomain", "build_domains", "build_trust"]


@dataclass(frozen=True, slots=True)
class Trust:
    """Every domain; equal digests judge equally."""

    domains: tuple[TrustDomain, ...]
    """Never empty."""
    digest: str
    anchors: tuple[x509.Certificate, ...] = field(repr=False)
    """Those of all domains, each once."""


def build_trust(
    *,
    anchors: NamedFiles,
    crl_issuers: NamedFiles = (),
    crls: NamedFiles = (),
    policy_oids: Iterable[str] = DEFAULT_POLICY_OIDS,
    x5u_prefixes: Sequence[str] = (),
    allow_delegate_shaken: bool = False,
    revocation: RevocationPolicy | None = None,
    further: Sequence[DomainFiles] = (),
) -> Trust | list[Problem]:
    """Build the default domain from its files, and the further ones from theirs.

    Returns every problem there is rather than the first, and then no trust at all: a domain that cannot be
    built must not leave the others to judge its certificates.
    """
    default = DomainFiles(
        name=DEFAULT_DOMAIN,
        anchors=anchors,
        crl_issuers=crl_issuers,
        crls=crls,
        policy_oids=policy_oids,
        x5u_prefixes=x5u_prefixes,
        allow_delegate_shaken=allow_delegate_shaken,
        revocation=revocation or RevocationPolicy(),
    )
    return build_domains((default, *further))


def build_domains(all_files: Sequence[DomainFiles]) -> Trust | list[Problem]:
    """Build every domain from its files, in the order in which they will be asked; at least one."""
    problems: list[Problem] = []
    domains: list[TrustDomain] = []
    for files in all_files:
        if files.name in {domain.name for domain in domains}:
            problems.append(Problem("", f"two trust domains are called {files.name}", files.name))
        built = build_domain(files)
        if isinstance(built, TrustDomain):
            domains.append(built)
        elif files.name == DEFAULT_DOMAIN:
            problems += built
        else:
            problems += [
                replace(each, message=f"{each.message} ({files.name})", domain=files.name) for each in built
            ]
    if problems:
        return problems
    return Trust(
        domains=tuple(domains),
        digest=_digest(domains),
        anchors=tuple(dict.fromkeys(anchor for domain in domains for anchor in domain.anchors)),
    )


def _digest(domains: Sequence[TrustDomain]) -> str:
    """One domain's own digest; of several, one over names and digests in their order, which decides."""
    if len(domains) == 1:
        return domains[0].digest
    lines = "".join(f"{domain.name} {domain.digest}\n" for domain in domains)
    return hashlib.sha256(lines.encode()).hexdigest()
