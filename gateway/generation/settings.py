"""`gateway.toml`: where the node listens, keeps its data and finds its stores. Changed by a restart.

`[signing]`, `[trust]` and `[[trust_domain]]` are the exception: they are read again with each
generation. Paths are relative to the working
directory of the process, as those given to any command are.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from gateway.certificates.x5u import X5uPolicy, check_x5u
from gateway.generation.environment import Overrides
from gateway.generation.problem import Problem, quote
from gateway.generation.redis_url import EMBEDDED, parse_redis_url
from gateway.generation.service_url import ServiceUrl
from gateway.generation.shadow_settings import ShadowTable
from gateway.generation.toml_file import List, Table, TomlFile, check_table, parse_toml
from gateway.generation.trust_settings import FilePath, TrustDomainTable, TrustTable, trust_problems

SETTINGS_FILE: Final = "gateway.toml"
RELOADABLE: Final = frozenset({"signing", "trust", "trust_domain"})
"""Read again with each generation; the others wait for the next start."""
_HOST_AND_PORT: Final = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An IP address and a port."""

    host: ipaddress.IPv4Address | ipaddress.IPv6Address
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host.is_loopback


def parse_listen_address(text: str) -> ListenAddress:
    """Read `address:port`. Raises ValueError with the rest of a sentence about the text.

    Names are refused, localhost too: which of a name's addresses is meant, and whether strangers reach
    it, must not depend on a resolver.
    """
    found = _HOST_AND_PORT.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65_535:
        raise ValueError('is not host:port, such as "127.0.0.1:8080" or "[::1]:8080"')
    host = found["host"]
    try:
        address = ipaddress.IPv6Address(host[1:-1]) if host[0] == "[" else ipaddress.IPv4Address(host)
    except ValueError:
        meant = "[::1]" if host[0] == "[" else "127.0.0.1"
        raise ValueError(
            f'names no IP address: write one of this machine\'s, such as "{meant}:{found["port"]}"'
        ) from None
    return ListenAddress(address, int(found["port"]))


def _check_listen(text: str) -> str:
    parse_listen_address(text)
    return text


def _check_listen_or_off(text: str) -> str:
    return _check_listen(text) if text else text


def _check_redis(text: str) -> str:
    if text != EMBEDDED:
        parse_redis_url(text)
    return text


def _check_database(text: str) -> str:
    is_file = text.startswith("sqlite:///") and len(text) > len("sqlite:///")
    if text != "sqlite" and not is_file and not _is_postgresql(text):
        raise ValueError(
            'is neither "sqlite" (a file in [data] directory), sqlite:///path/to/file '
            "nor postgresql://user@host/database"
        )
    return text


def _is_postgresql(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # A database of the user's name is what libpq would take: too easily not the one meant.
        return parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1
    except ValueError:
        return False


def _check_codes(text: str) -> str:
    try:
        scheme, place = (parts := urlsplit(text)).scheme, parts.netloc
    except ValueError:
        scheme = place = ""
    if text != "spool" and not (scheme in ("http", "https") and place):
        raise ValueError('is neither "spool" (a folder in [data] directory) nor a URL http:// or https://')
    return text


Listen = Annotated[str, AfterValidator(_check_listen)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class ListenTable(Table):
    """`[listen]`: the addresses of the three listeners."""

    calls: Listen = "127.0.0.1:8080"
    repository: Annotated[str, AfterValidator(_check_listen_or_off)] = ""
    """Empty: off."""
    control: Listen = "127.0.0.1:8081"
    workers: int = Field(default=0, ge=0, le=1024)
    """0: one for each core."""


class TlsTable(Table):
    """`[tls]`: the certificate of the listeners named in `listeners`."""

    certificate_file: FilePath | None = None
    key_file: FilePath | None = None
    client_ca_file: FilePath | None = None
    """Certificates that switches' own certificates must lead to; for trunks with client certificates."""
    listeners: List[Literal["calls", "repository", "control"]] = ("repository",)


class RedisTable(Table):
    """`[redis]`: where evidence is kept."""

    url: Annotated[str, AfterValidator(_check_redis)] = "embedded"
    embedded_megabytes: int = Field(default=1024, ge=64, le=1_048_576)
    """What the node's own Valkey may hold, at which writes begin to be refused."""


class DatabaseTable(Table):
    """`[database]`: where the record is kept."""

    url: Annotated[str, AfterValidator(_check_database)] = "sqlite"


class CodesTable(Table):
    """`[codes]`: who calls out the codes that prove numbers."""

    url: Annotated[str, AfterValidator(_check_codes)] = "spool"
    secret_file: FilePath | None = None


class DataTable(Table):
    """`[data]`: the directory everything of this node is in."""

    directory: FilePath = "data"


class JournalTable(Table):
    """`[journal]`: how long calls' records are kept; whichever of both ends first."""

    keep_hours: int = Field(default=168, ge=1, le=8760)
    keep_megabytes: int = Field(default=128, ge=16, le=1_048_576)
    """Of each worker."""


class X5uTable(Table):
    """`[x5u]`: how strangers' certificates are fetched."""

    allowed_ports: List[Port] = (443, 8443)
    allow_private_addresses: bool = False
    tls_ca_file: FilePath | None = None
    """Authorities for the certificate hosts' own TLS, instead of the system's."""
    fetch_timeout_ms: int = Field(default=2000, ge=50, le=30_000)
    prewarm_file: FilePath | None = None


class VerificationTable(Table):
    """`[verification]`: bounds of one verification."""

    freshness_seconds: int = Field(default=60, ge=1, le=600)
    deadline_ms: int = Field(default=400, ge=10, le=10_000)


class RoamingTable(Table):
    """`[roaming]`: who is asked whether a home mobile that calls from abroad roams."""

    url: ServiceUrl | None = None
    """None: nobody; the switch's own word is all there is."""
    timeout_ms: int = Field(default=100, ge=10, le=2000)
    cache_seconds: int = Field(default=30, ge=1, le=600)
    token_file: FilePath | None = None
    """A bearer token for the service."""
    tls_ca_file: FilePath | None = None
    """Authorities for the service's TLS, instead of the system's."""


class TelemetryTable(Table):
    """`[telemetry]`: who is told of each call as a span."""

    otlp_url: ServiceUrl | None = None
    """None: nobody, and what makes spans is not even loaded."""


class SigningTable(Table):
    """`[signing]`: all three keys, or none for a gateway that only verifies."""

    key_file: FilePath | None = None
    certificate_file: FilePath | None = None
    x5u: str | None = None


class Settings(Table):
    """The whole of `gateway.toml` with the environment laid over it."""

    listen: ListenTable = ListenTable()
    tls: TlsTable = TlsTable()
    redis: RedisTable = RedisTable()
    database: DatabaseTable = DatabaseTable()
    codes: CodesTable = CodesTable()
    data: DataTable = DataTable()
    journal: JournalTable = JournalTable()
    trust: TrustTable = TrustTable()
    x5u: X5uTable = X5uTable()
    verification: VerificationTable = VerificationTable()
    roaming: RoamingTable = RoamingTable()
    shadow: ShadowTable = ShadowTable()
    telemetry: TelemetryTable = TelemetryTable()
    signing: SigningTable = SigningTable()
    trust_domain: List[TrustDomainTable] = ()


def x5u_policy(settings: Settings) -> X5uPolicy:
    """`[x5u]` as the rules take it."""
    return X5uPolicy(
        allowed_ports=settings.x5u.allowed_ports,
        allow_private_addresses=settings.x5u.allow_private_addresses,
    )


def sections(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """The sections of a file's model by name: its fields that are tables."""
    return {
        name: field.annotation
        for name, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def build_settings(data: bytes, overrides: Overrides) -> Settings | list[Problem]:
    """Read the bytes of `gateway.toml`, or say everything that is wrong with them."""
    file = parse_toml(SETTINGS_FILE, data)
    if isinstance(file, Problem):
        return [file]
    settings = check_table(Settings, file, overrides)
    if isinstance(settings, list):
        return settings
    return _contradictions(settings, file) or settings


def _contradictions(settings: Settings, file: TomlFile) -> list[Problem]:
    """What no single key can know."""
    problems: list[Problem] = []

    def wrong(section: str, key: str, message: str, hint: str = "") -> None:
        problems.append(file.problem((section, key), message, hint))

    tls, listen, signing = settings.tls, settings.listen, settings.signing
    if (tls.certificate_file is None) != (tls.key_file is None):
        wrong("tls", "key_file", "certificate_file and key_file must be given together")
    if listen.repository and tls.certificate_file is None:
        wrong("listen", "repository", "is served with TLS only, and [tls] certificate_file is not set")
    if listen.repository and "repository" not in tls.listeners:
        wrong("tls", "listeners", "must name repository: ATIS-1000074 has certificates fetched by https")
    if {"calls", "control"} & set(tls.listeners) and tls.certificate_file is None:
        wrong("tls", "listeners", "names listeners for TLS, and certificate_file is not set")
    if tls.client_ca_file is not None and "calls" not in tls.listeners:
        wrong("tls", "client_ca_file", "has no effect while listeners does not name calls")
    if (settings.codes.url == "spool") != (settings.codes.secret_file is None):
        message = "url and secret_file go together: a webhook is signed, a folder is not"
        wrong("codes", "secret_file" if settings.codes.secret_file else "url", message)
    given = [key for key, value in signing if value is not None]
    if given and len(given) < len(SigningTable.model_fields):
        missing = ", ".join(key for key in SigningTable.model_fields if key not in given)
        wrong("signing", given[0], f"is set without {missing}", "signing needs all three keys, or none")
    if signing.x5u is not None:
        finding = check_x5u(signing.x5u, x5u_policy(settings))
        if finding is not None:
            wrong("signing", "x5u", f"{quote(signing.x5u)} is refused by verifiers: {finding.detail}")
    addresses = [address for address in (listen.calls, listen.repository, listen.control) if address]
    if len(set(addresses)) < len(addresses):
        wrong("listen", "calls", "calls, repository and control must have different addresses")
    if not settings.x5u.allowed_ports:
        wrong("x5u", "allowed_ports", "is empty, so that no certificate could be fetched")
    return problems + trust_problems(settings.trust, settings.trust_domain, file, x5u_policy(settings))
