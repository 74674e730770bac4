"""Trunks: where calls come from, how a request is known to be theirs, how numbers are written there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from gateway.attestation.decide import TrunkKind
from gateway.numbers.canonical import DiallingRules


class Profile(StrEnum):
    """The rule set a trunk's Identity headers are held to."""

    ATIS = "atis"
    FRANCE_MAN = "france-man"


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A bearer token of this name."""

    token_name: str


@dataclass(frozen=True, slots=True)
class CertificateCredential:
    """A TLS client certificate: exactly one of the two is given."""

    sha256: str | None
    """Of the certificate's DER, lower-case hex."""
    subject: str | None
    """RFC 4514 text, compared whole."""


@dataclass(frozen=True, slots=True)
class AddressCredential:
    """The address the connection comes from."""

    networks: tuple[IPv4Network | IPv6Network, ...]


Credential: TypeAlias = TokenCredential | CertificateCredential | AddressCredential


@dataclass(frozen=True, slots=True)
class Trunk:
    """One trunk of `trunks.toml`."""

    name: str
    kind: TrunkKind
    country: str
    """ISO 3166 code: whose plan and dialling rules apply, and which numbers are home numbers."""
    credentials: tuple[Credential, ...]
    """Any one of them; several trunks may share one, and are then told apart by prefix or by name."""
    url_prefix: str
    """Before the resources' own paths: `/france`, or empty."""
    profile: Profile
    dialling: DiallingRules
    home_origin: bool = False
    """Of an international trunk: its calls began on a network of this country, as the operator has shown."""
    priority_namespaces: frozenset[str] = frozenset()
    """Whose `rph` PASSporTs it may have signed (RFC 4412: `ets`, `wps`, `esnet`), in lower case."""
    trust_domains: frozenset[str] = frozenset()
    """Whose certificates may have signed its calls; empty: those of any trust domain."""
