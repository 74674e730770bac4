"""Which IP addresses the gateway never connects to for a stranger's sake.

The ban is meant for the address that is actually connected to, after name resolution; an address
written in a URL is only the first chance to refuse it. Python's `is_private` and `is_global` are not
enough (100.64.0.1, 64:ff9b::/96 and 2002::/16 slip through), so the networks stand here, from the
IANA special-purpose registries (RFC 6890 and its updates). Forms that carry an IPv4 address inside an
IPv6 one are unwrapped and judged by what they carry.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_IPV4: Final = tuple(
    (IPv4Network(network), words)
    for network, words in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "reserved for protocols"),
        ("192.52.193.0/24", "reserved for protocols"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved for protocols"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_IPV6: Final = tuple(
    (IPv6Network(network), words)
    for network, words in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        # RFC 8215: where it leads is known to the local translator alone.
        ("64:ff9b:1::/48", "local-use NAT64"),
        ("100::/64", "discard-only"),
        ("fc00::/7", "unique local"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001:db8::/32", "documentation"),
        ("3fff::/20", "documentation"),
        ("2001::/23", "reserved for protocols"),
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
_TEREDO: Final = IPv6Network("2001::/32")
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
_LOW_32_BITS: Final = 0xFFFF_FFFF


def forbidden_address(ip_text: str) -> str | None:
    """Why the gateway does not connect to this address, or None when it may.

    `ip_text` is an address as a socket or a resolver reports it (a zone id is ignored). What is not an
    address is forbidden too: not knowing where a connection goes is no permission.
    """
    try:
        address = ip_address(ip_text.partition("%")[0])
    except ValueError:
        return "not an IP address"
    return _ipv4(address) if isinstance(address, IPv4Address) else _ipv6(address)


def _ipv4(address: IPv4Address) -> str | None:
    return next((words for network, words in _IPV4 if address in network), None)


def _ipv6(address: IPv6Address) -> str | None:
    carried = _carried(address)
    if carried is not None:
        form, inner = carried
        why = next((words for words in map(_ipv4, inner) if words is not None), None)
        return None if why is None else f"{why} ({form})"
    why = next((words for network, words in _IPV6 if address in network), None)
    if why is None and address not in _GLOBAL_UNICAST:
        return "reserved"
    return why


def _carried(address: IPv6Address) -> tuple[str, tuple[IPv4Address, ...]] | None:
    """Unwrap the IPv4 addresses inside an IPv6 one: RFC 4291 2.5.5.2, 6052, 3056, 4380, 5214."""
    bits = int(address)
    low = IPv4Address(bits & _LOW_32_BITS)
    if address.ipv4_mapped is not None:
        return "IPv4-mapped", (low,)
    if address in _NAT64:
        return "NAT64", (low,)
    if address in _SIX_TO_FOUR:
        return "6to4", (IPv4Address(bits >> 80 & _LOW_32_BITS),)
    if address in _TEREDO:
        server = IPv4Address(bits >> 64 & _LOW_32_BITS)
        return "Teredo", (server, IPv4Address(~bits & _LOW_32_BITS))
    if bits >> 32 & _LOW_32_BITS in _ISATAP and address in _GLOBAL_UNICAST:
        return "ISATAP", (low,)
    return None
