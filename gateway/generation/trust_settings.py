"""`[trust]` and `[[trust_domain]]` of `gateway.toml`: whom to believe, in one domain or several side by side.

`[trust]` is the domain called `default` and comes first; each `[[trust_domain]]` has the same keys for
another country's authorities, or private ones, and borrows none of its values from `[trust]`. What concerns
the fetching itself (`fetch_crls`, `crl_urls`, `refresh_seconds`) is said once, for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.certificates.domain import DEFAULT_DOMAIN, DOMAIN_NAME, X5U_PREFIX
from gateway.certificates.profile import DEFAULT_POLICY_OIDS
from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.generation.problem import Problem, quote
from gateway.generation.texts import DomainRules
from gateway.generation.toml_file import List, Table, TomlFile
from gateway.generation.toml_lines import Place

_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_HOUR_SECONDS: Final = 3_600


def _check_oid(text: str) -> str:
    if _OID.fullmatch(text) is None:
        raise ValueError('is not an object identifier such as "2.16.840.1.114569.1.1.3"')
    return text


def _check_prefix(text: str) -> str:
    if X5U_PREFIX.fullmatch(text) is None:
        raise ValueError('is not the beginning of an address such as "https://certs.example.org/stir/"')
    return text


def _check_name(text: str) -> str:
    if DOMAIN_NAME.fullmatch(text) is None or text == DEFAULT_DOMAIN:
        raise ValueError(
            f"is not a name of 1 to 32 small letters, digits and hyphens, or is {DEFAULT_DOMAIN}"
        )
    return text


def check_path(text: str) -> str:
    """Refuse what cannot be a path. Raises ValueError with the rest of a sentence about the text."""
    if not text or "\x00" in text:
        raise ValueError("is not a path")
    return text


FilePath = Annotated[str, AfterValidator(check_path)]
_Oids = List[Annotated[str, AfterValidator(_check_oid)]]
_Unobtainable = Literal["accept", "refuse"]


class TrustTable(Table):
    """`[trust]`: directories of PEM (or DER) files, and what is fetched besides."""

    anchors_directory: FilePath = "certs/trust"
    crl_issuers_directory: FilePath | None = None
    crls_directory: FilePath | None = None
    policy_oids: _Oids = tuple(sorted(DEFAULT_POLICY_OIDS))
    """Certificate policies of which a certificate must carry one."""
    x5u_prefixes: List[Annotated[str, AfterValidator(_check_prefix)]] = ()
    allow_delegate_shaken: bool = False
    fetch_crls: bool = True
    crl_urls: List[str] = ()
    refresh_seconds: int = Field(default=900, ge=10, le=86_400)
    when_crl_unobtainable: _Unobtainable = "accept"
    overdue_grace_hours: int = Field(default=168, ge=0, le=8_760)
    trust_list_url: str | None = None
    trust_list_file: FilePath | None = None
    trust_list_signers_directory: FilePath | None = None


class TrustDomainTable(Table):
    """`[[trust_domain]]`: one more domain."""

    name: Annotated[str, AfterValidator(_check_name)] = Field(description="what logs and answers call it")
    anchors_directory: FilePath | None = None
    crl_issuers_directory: FilePath | None = None
    crls_directory: FilePath | None = None
    policy_oids: _Oids = Field(description="the certificate policies that its certificates carry")
    x5u_prefixes: List[Annotated[str, AfterValidator(_check_prefix)]] = ()
    allow_delegate_shaken: bool = False
    when_crl_unobtainable: _Unobtainable = "accept"
    overdue_grace_hours: int = Field(default=168, ge=0, le=8_760)
    trust_list_url: str | None = None
    trust_list_file: FilePath | None = None
    trust_list_signers_directory: FilePath | None = None


Domain = TrustTable | TrustDomainTable


def named_domains(trust: TrustTable, further: Sequence[TrustDomainTable]) -> tuple[tuple[str, Domain], ...]:
    """Every domain by its name, in the order in which they are asked."""
    return ((DEFAULT_DOMAIN, trust), *((each.name, each) for each in further))


def domain_rules(trust: TrustTable, further: Sequence[TrustDomainTable]) -> tuple[DomainRules, ...]:
    """What a generation keeps of the settings of each domain."""
    return tuple(
        DomainRules(
            name=name,
            policy_oids=each.policy_oids,
            x5u_prefixes=each.x5u_prefixes,
            allow_delegate_shaken=each.allow_delegate_shaken,
            overdue_grace_seconds=each.overdue_grace_hours * _HOUR_SECONDS,
            wait_for_missing=trust.fetch_crls,
            refuse_unobtainable=each.when_crl_unobtainable == "refuse",
            has_trust_list=has_trust_list(each),
        )
        for name, each in named_domains(trust, further)
    )


def has_trust_list(domain: Domain) -> bool:
    """Whether the domain's anchors come from an STI-PA's signed list too."""
    return domain.trust_list_url is not None or domain.trust_list_file is not None


def trust_problems(
    trust: TrustTable, further: Sequence[TrustDomainTable], file: TomlFile, policy: X5uPolicy
) -> list[Problem]:
    """What no single key of these tables can know."""
    problems = _address_problems(("trust", "crl_urls"), trust.crl_urls, file, policy)
    problems += _domain_problems(trust, ("trust",), file, policy)
    lines: dict[str, int | None] = {}
    for position, each in enumerate(further):
        place: Place = ("trust_domain", position)
        if each.name in lines:
            message = f"{quote(each.name)} stands twice; first in line {lines[each.name]}"
            problems.append(file.problem((*place, "name"), message))
        lines.setdefault(each.name, file.line_of((*place, "name")))
        if each.anchors_directory is None and not has_trust_list(each):
            message = "has neither anchors_directory nor a trust list, so that it could believe nobody"
            problems.append(file.problem(place, message))
        problems += _domain_problems(each, place, file, policy)
    return problems


def _domain_problems(domain: Domain, place: Place, file: TomlFile, policy: X5uPolicy) -> list[Problem]:
    problems: list[Problem] = []

    def wrong(key: str, message: str) -> None:
        problems.append(file.problem((*place, key), message))

    if not domain.policy_oids:
        wrong("policy_oids", "is empty, so that no certificate could be accepted")
    if domain.trust_list_url is not None and domain.trust_list_file is not None:
        wrong("trust_list_file", "is set beside trust_list_url; the list comes from one of them")
    if has_trust_list(domain) and domain.trust_list_signers_directory is None:
        key = "trust_list_url" if domain.trust_list_url is not None else "trust_list_file"
        wrong(key, "is set without trust_list_signers_directory, so that nobody could vouch for the list")
    if domain.trust_list_signers_directory is not None and not has_trust_list(domain):
        wrong("trust_list_signers_directory", "has no effect without trust_list_url or trust_list_file")
    if domain.trust_list_url is not None:
        problems += _address_problems((*place, "trust_list_url"), [domain.trust_list_url], file, policy)
    return problems


def _address_problems(place: Place, urls: Sequence[str], file: TomlFile, policy: X5uPolicy) -> list[Problem]:
    """Addresses in the settings go by the rules of those in certificates: one fetcher, one set of rules."""
    found = [(url, check_x5u(url, policy)) for url in urls]
    return [
        file.problem(place, f"{quote(url)} is not fetched: {finding.detail}")
        for url, finding in found
        if finding is not None
    ]
