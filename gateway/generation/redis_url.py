"""`[redis] url`: one server, the servers that sentinels name, or a cluster.

    embedded                                     the node's own Valkey
    redis://, rediss://, unix://                 one server, as redis-py reads it
    redis+sentinel://h1,h2:26380,h3/name[/db]    the primary `name`, by whatever sentinels say it is now
    redis+cluster://h1,h2:7001,h3                a cluster; any of its nodes will do

rediss+sentinel:// and rediss+cluster:// are the same by TLS. A user and a password are the servers'; those of
the sentinels are `?sentinel_username=` and `?sentinel_password=`. Other parameters are redis-py's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

EMBEDDED: Final = "embedded"
_PLAIN_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_HOST: Final = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\])(?::(?P<port>[0-9]{1,5}))?")
# Not by urlsplit: a Python that looks at what stands in brackets refuses a list with an IPv6 address in it.
_SEVERAL: Final = re.compile(r"(?P<places>[^/?#\s]+)(?P<path>/[^?#\s]*)?(?:\?(?P<query>[^#\s]*))?")
_SENTINEL_KEYS: Final = ("sentinel_username", "sentinel_password")


class RedisKind(Enum):
    """What stands at the other end."""

    SERVER = ""
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisUrl:
    """A URL that can be used; its secrets are not in its `repr`."""

    kind: RedisKind
    hosts: tuple[tuple[str, int], ...]
    """Sentinels, or nodes of a cluster; empty for one server, whose URL redis-py reads itself."""
    service: str = ""
    """The name sentinels know the primary by."""
    tls: bool = False
    has_password: bool = False
    plain: str = field(default="", repr=False)
    """`redis://…` with the credentials and parameters, for the first host; of one server, the whole URL."""
    sentinel_username: str | None = field(default=None, repr=False)
    sentinel_password: str | None = field(default=None, repr=False)


def parse_redis_url(text: str) -> RedisUrl:
    """Read a URL. ValueError with the rest of a sentence about it, which holds nothing secret."""
    scheme, separator, rest = text.partition("://")
    base, _, kind = scheme.partition("+")
    if not separator or not rest or base not in ("redis", "rediss", "unix") or (kind and base == "unix"):
        raise ValueError(_expected())
    if not kind:
        return _one_server(text)
    if kind not in (RedisKind.SENTINEL.value, RedisKind.CLUSTER.value):
        raise ValueError(_expected())
    parts = _SEVERAL.fullmatch(rest)
    if parts is None:
        raise ValueError(_expected())
    user, _, places = parts["places"].rpartition("@")
    is_sentinel = kind == RedisKind.SENTINEL.value
    service, _, database = (parts["path"] or "").lstrip("/").partition("/")
    if is_sentinel and not service:
        raise ValueError("names no service: redis+sentinel://host1,host2,host3/name")
    if not is_sentinel and service not in ("", "0"):
        raise ValueError("names a database, and a cluster has only one: redis+cluster://host1,host2,host3")
    if database and not database.isdecimal():
        raise ValueError("has a database that is not a number: redis+sentinel://host1,host2,host3/name/0")
    asked = parse_qsl(parts["query"] or "", keep_blank_values=True)
    own = dict(pair for pair in asked if pair[0] in _SENTINEL_KEYS)
    query = urlencode([pair for pair in asked if pair[0] not in _SENTINEL_KEYS], quote_via=quote)
    hosts = tuple(_host(place, _SENTINEL_PORT if is_sentinel else _PLAIN_PORT) for place in places.split(","))
    place = f"{user}{'@' if user else ''}{_written(hosts[0])}"
    return RedisUrl(
        kind=RedisKind(kind),
        hosts=hosts,
        service=unquote(service),
        tls=base == "rediss",
        has_password=bool(user.partition(":")[2]),
        plain=f"{base}://{place}/{database}{'?' if query else ''}{query}",
        sentinel_username=own.get("sentinel_username"),
        sentinel_password=own.get("sentinel_password"),
    )


def _one_server(text: str) -> RedisUrl:
    try:
        parts = urlsplit(text)
        if not (parts.netloc or parts.path) or (parts.port is not None and not parts.port):
            raise ValueError
        return RedisUrl(
            kind=RedisKind.SERVER,
            hosts=(),
            tls=parts.scheme == "rediss",
            has_password=bool(parts.password),
            plain=text,
        )
    except ValueError:
        raise ValueError(_expected()) from None


def _host(place: str, port: int) -> tuple[str, int]:
    found = _HOST.fullmatch(place)
    if found is None or not 1 <= int(found["port"] or port) <= 65_535:
        raise ValueError("has hosts that are not host or host:port, divided by commas")
    return found["host"].strip("[]"), int(found["port"] or port)


def _written(host: tuple[str, int]) -> str:
    name, port = host
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _expected() -> str:
    return (
        'is neither "embedded" nor a URL redis://, rediss://, unix://, redis+sentinel:// or redis+cluster:// '
        "(rediss+ for TLS)"
    )
