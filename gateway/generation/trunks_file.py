"""`trunks.toml`, read strictly."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, Strict

from gateway.attestation.decide import TrunkKind
from gateway.generation.countries import COUNTRIES
from gateway.generation.problem import Problem, did_you_mean, quote
from gateway.generation.toml_file import List, Table, TomlFile, check_table, parse_toml
from gateway.generation.toml_lines import Place
from gateway.generation.trunks import (
    AddressCredential,
    CertificateCredential,
    Credential,
    Profile,
    TokenCredential,
    Trunk,
)
from gateway.numbers.canonical import DiallingRules

TRUNKS_FILE: Final = "trunks.toml"
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
_PREFIX: Final = re.compile(r"(/[a-z0-9][a-z0-9._-]*)+")
_OWN_PATHS: Final = frozenset({"stir", "v1", "livez", "readyz"})
_NAMESPACE: Final = re.compile(r"[a-z0-9!%*_+`'~-]{1,64}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


def _check_name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError("is not a name of 1 to 63 small letters, digits, dots and hyphens")
    return text


def _check_prefix(text: str) -> str:
    if text and (_PREFIX.fullmatch(text) is None or text.split("/")[1] in _OWN_PATHS):
        raise ValueError(
            f'is not a path such as "/france"; it begins with none of {", ".join(sorted(_OWN_PATHS))}'
        )
    return text


def _check_fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if _FINGERPRINT.fullmatch(plain) is None:
        raise ValueError("is not the SHA-256 of a certificate: 64 hexadecimal digits, colons allowed")
    return plain


def _check_network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError('is not an address or network such as "192.0.2.7" or "10.1.0.0/16"') from None
    if network.prefixlen == 0:
        raise ValueError("is every address there is, which would let anybody in")
    return text


def _check_namespace(text: str) -> str:
    if _NAMESPACE.fullmatch(text) is None:
        raise ValueError('is not a namespace of Resource-Priority such as "ets", "wps" or "esnet"')
    return text


def _check_text(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("is empty or not plain text")
    return text


class CredentialTable(Table):
    """One of `credentials`: exactly one of the four keys."""

    token_name: Annotated[str, AfterValidator(_check_name)] | None = None
    client_certificate_sha256: Annotated[str, AfterValidator(_check_fingerprint)] | None = None
    client_certificate_subject: Annotated[str, AfterValidator(_check_text)] | None = None
    addresses: List[Annotated[str, AfterValidator(_check_network)]] | None = None


class NumbersTable(Table):
    """`[trunk.numbers]`: what is said here replaces the country's own rule."""

    country_code: str | None = None
    international_prefix: str | None = None
    trunk_prefix: str | None = None
    national_lengths: List[int] | None = None
    service_numbers: List[str] | None = None
    portability_prefixes: List[str] | None = None


class TrunkTable(Table):
    """`[[trunk]]`."""

    name: Annotated[str, AfterValidator(_check_name)] = Field(description="the name other files use")
    kind: Annotated[TrunkKind, Strict(strict=False)] = Field(
        title="a kind of trunk", description=f"one of {', '.join(TrunkKind)}"
    )
    country: Literal["GB", "US", "CA", "FR"] = Field(
        title="a country with a numbering plan here", description="GB, US, CA or FR"
    )
    credentials: List[CredentialTable] = Field(description="how its requests are known")
    url_prefix: Annotated[str, AfterValidator(_check_prefix)] = ""
    profile: Annotated[Profile, Strict(strict=False)] = Field(default=Profile.ATIS, title="a profile")
    home_origin: bool = False
    priority_namespaces: List[Annotated[str, AfterValidator(_check_namespace)]] = ()
    trust_domains: List[Annotated[str, AfterValidator(_check_name)]] = ()
    numbers: NumbersTable = NumbersTable()


class TrunksFile(Table):
    """The file: one trunk at least."""

    trunk: List[TrunkTable] = Field(description="without a [[trunk]] nobody may ask anything")


def read_trunks(data: bytes, domains: Collection[str] | None) -> tuple[Trunk, ...] | list[Problem]:
    """Read the file; never none at all.

    `domains` are the names of the trust domains there are, None where they are not known.
    """
    file = parse_toml(TRUNKS_FILE, data)
    if isinstance(file, Problem):
        return [file]
    table = check_table(TrunksFile, file, {})
    if isinstance(table, list):
        return table
    problems: list[Problem] = []
    trunks: list[Trunk] = []
    if not table.trunk:
        problems.append(file.problem(("trunk",), "is empty: without a trunk nobody may ask anything"))
    lines: dict[str, int | None] = {}
    for position, each in enumerate(table.trunk):
        place: Place = ("trunk", position)
        if each.name in lines:
            message = f"{quote(each.name)} stands twice; first in line {lines[each.name]}"
            problems.append(file.problem((*place, "name"), message))
        lines.setdefault(each.name, file.line_of((*place, "name")))
        if each.home_origin and each.kind is not TrunkKind.INTERNATIONAL:
            message = f"has no meaning on a trunk of kind {each.kind}: only calls from abroad are held to it"
            problems.append(file.problem((*place, "home_origin"), message))
        problems += [
            file.problem(
                (*place, "trust_domains", number),
                f"{quote(name)} is not a trust domain of gateway.toml",
                did_you_mean(name, domains),
            )
            for number, name in enumerate(each.trust_domains)
            if domains is not None and name not in domains
        ]
        credentials = _credentials(each, file, place, problems)
        dialling = _dialling(each, file, place, problems)
        if dialling is not None:
            trunks.append(
                Trunk(
                    name=each.name,
                    kind=each.kind,
                    country=each.country,
                    credentials=credentials,
                    url_prefix=each.url_prefix,
                    profile=each.profile,
                    dialling=dialling,
                    home_origin=each.home_origin,
                    priority_namespaces=frozenset(each.priority_namespaces),
                    trust_domains=frozenset(each.trust_domains),
                )
            )
    return problems or tuple(trunks)


def _credentials(
    trunk: TrunkTable, file: TomlFile, place: Place, problems: list[Problem]
) -> tuple[Credential, ...]:
    credentials: list[Credential] = []
    if not trunk.credentials:
        problems.append(
            file.problem((*place, "credentials"), "is empty: a trunk that anybody could be is not allowed")
        )
    for position, each in enumerate(trunk.credentials):
        here = (*place, "credentials", position)
        given = [key for key, value in each if value is not None]
        if len(given) != 1:
            allowed = ", ".join(CredentialTable.model_fields)
            found = " and ".join(given) or "nothing"
            problems.append(file.problem(here, f"has {found}; a credential has exactly one of {allowed}"))
        elif each.token_name is not None:
            credentials.append(TokenCredential(each.token_name))
        elif each.addresses is not None:
            if not each.addresses:
                problems.append(file.problem((*here, "addresses"), "is empty: it lets nobody in"))
            networks = tuple(ipaddress.ip_network(text) for text in each.addresses)
            credentials.append(AddressCredential(networks))
        else:
            credentials.append(
                CertificateCredential(each.client_certificate_sha256, each.client_certificate_subject)
            )
    return tuple(credentials)


def _dialling(
    trunk: TrunkTable, file: TomlFile, place: Place, problems: list[Problem]
) -> DiallingRules | None:
    numbers = trunk.numbers
    changes: dict[str, object] = {key: value for key, value in numbers if value is not None}
    for key in ("national_lengths", "service_numbers"):
        if key in changes:
            changes[key] = frozenset(getattr(numbers, key))
    try:
        return replace(COUNTRIES[trunk.country].dialling, **changes)  # type: ignore[arg-type]
    except ValueError as error:
        key = next((key for key in changes if key in str(error)), "")
        here = (*place, "numbers", key) if key else (*place, "numbers")
        problems.append(file.problem(here, str(error)))
        return None
