"""Which addresses of certificates (x5u, info) the gateway is willing to fetch.

ATIS-1000074 and ATIS-1000080: https only, port absent, 443 or 8443, no userinfo, query or fragment.
Path parameters (`;`) are refused too: both documents are read so by the lint rules that others apply
to real certificates, and not one of 17,839 URLs in use has one. The host is a strict DNS name (RFC 952,
RFC 1123) or an address in its one canonical spelling; everything a resolver would still accept as an
address (`127.1`, `0x7f000001`, `2130706433`) is refused here, because two readers that understand a
name differently are how a private address slips past a check.

The address of a revocation list goes by the same rules and may be `http` besides, port absent, 80 or one of
the same: a list is signed, RFC 5280 section 8 has it fetched so, and authorities in use publish it nowhere
else.

What this does not do: resolve. The address that is connected to is judged by the fetcher, with
`gateway.certificates.address.forbidden_address`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import msgspec

from gateway.certificates.address import forbidden_address
from gateway.reasons import INFO_INVALID, X5U_FORBIDDEN, Finding

_MAX_LENGTH: Final = 1024
"""The longest in use has 106 characters; the cap keeps cache keys and log lines small."""

# RFC 3986 appendix A: what may stand in a URI at all. Backslash, space, controls and non-ASCII may not.
_CHARACTERS: Final = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_ABSOLUTE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)")
_HOST_AND_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]*\]|[^\[\]:]*)(?::([0-9]*))?")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# A last label that looks like a number makes a resolver try the whole host as an IPv4 address
# (WHATWG URL section 3.5, "ends in a number").
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_CONTROL_ESCAPE: Final = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
# RFC 3986 section 3.3, escaped or not: a host that takes the step serves what stands outside the place that
# the address begins with, by which a trust domain may know its own. None of those 17,839 URLs has any.
_DOT_SEGMENT: Final = re.compile(r"(?:^|/|%2[Ff]|%5[Cc])(?:\.|%2[Ee]){1,2}(?:$|/|%2[Ff]|%5[Cc])")

ADDRESSES_KEPT: Final = 4096
HTTP_PORT: Final = 80


class X5uPolicy(msgspec.Struct, frozen=True, gc=False):
    """The operator's slice: `[x5u] allowed_ports, allow_private_addresses`."""

    allowed_ports: tuple[int, ...] = (443, 8443)
    allow_private_addresses: bool = False
    """For a laboratory: private addresses and names of one label (`localhost`) may be fetched from."""


def check_x5u(url: str, policy: X5uPolicy, *, plain_http: bool = False) -> Finding | None:
    """Judge the address of a certificate, or of what it points to, before anything is done with it.

    `plain_http`: whether `http` will do, because what is fetched is signed by itself. None when it may be
    fetched; else INFO_INVALID for what is no absolute URI (RFC 3986) and X5U_FORBIDDEN for a URI that
    breaks a rule.
    """
    if len(url) > _MAX_LENGTH:
        return _forbidden(f"longer than {_MAX_LENGTH} characters")
    return _judge(url, policy, plain_http)


@lru_cache(maxsize=ADDRESSES_KEPT)
def _judge(url: str, policy: X5uPolicy, plain_http: bool) -> Finding | None:  # noqa: FBT001 - kept by value
    """Judge an address of bounded length; a certificate's address comes back with each of its calls."""
    if _CHARACTERS.fullmatch(url) is None:
        return Finding(INFO_INVALID, "holds a character that no URI has, or nothing at all", "info")
    parts = _ABSOLUTE.fullmatch(url)
    if parts is None:
        return Finding(INFO_INVALID, "has no scheme: not an absolute URI", "info")
    scheme, rest = parts[1].lower(), parts[2]
    is_plain = plain_http and scheme == "http"
    if not (is_plain or scheme == "https") or not rest.startswith("//"):
        return _forbidden("not an https:// address")
    authority, slash, path = rest[2:].partition("/")
    problem = _delimiter_problem(authority, path) or _authority_problem(authority, policy, is_plain=is_plain)
    if problem is None and slash and _CONTROL_ESCAPE.search(path):
        problem = "the path holds an escaped control character"
    if problem is None and slash and _DOT_SEGMENT.search(path):
        problem = "the path holds a step that is '.' or '..'"
    return None if problem is None else _forbidden(problem)


def _delimiter_problem(authority: str, path: str) -> str | None:
    for text in (authority, path):
        if "#" in text:
            return "carries a fragment"
        if "?" in text:
            return "carries a query"
        if ";" in text:
            return "carries a path parameter"
    return "carries a user name" if "@" in authority else None


def _authority_problem(authority: str, policy: X5uPolicy, *, is_plain: bool) -> str | None:
    parts = _HOST_AND_PORT.fullmatch(authority)
    if parts is None:
        return "the host is neither a DNS name nor an IP address"
    host, port = parts[1], parts[2]
    ports = (HTTP_PORT, *policy.allowed_ports) if is_plain else policy.allowed_ports
    if port is not None and (_PORT.fullmatch(port) is None or int(port) not in ports):
        return f"the port is not one of {', '.join(map(str, ports))}"
    if port is None and not is_plain and 443 not in ports:
        return "the default port 443 is not allowed here"
    return _host_problem(host, policy)


def _host_problem(host: str, policy: X5uPolicy) -> str | None:
    address: str | None = None
    labels = host.split(".")
    if host.startswith("["):
        address = host[1:-1]
        try:
            IPv6Address(address)
        except AddressValueError:
            return "the host is not an IPv6 address"
    elif _NUMERIC_LABEL.fullmatch(labels[-1]):
        address = host
        try:
            IPv4Address(address)
        except AddressValueError:
            return "the host is not an IPv4 address in dotted decimal"
    elif len(host) > 253 or any(_LABEL.fullmatch(label) is None for label in labels):
        return "the host is not a DNS name"
    elif len(labels) == 1 and not policy.allow_private_addresses:
        return "the host is a name of the local network"
    if address is None or policy.allow_private_addresses:
        return None
    why = forbidden_address(address)
    return None if why is None else f"the address is {why}"


def _forbidden(detail: str) -> Finding:
    return Finding(X5U_FORBIDDEN, detail, "info")
