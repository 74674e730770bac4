"""From where somebody asks, as far as tries are counted by it."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Final

_IPV6_SITE_BITS: Final = 64
"""One subscriber has all addresses below it."""


def hidden(*parts: str) -> str:
    """Not the address itself: it is personal data, and equality is all that is asked."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def asks_for_everybody(address: str | None) -> bool:
    """Whether it is loopback or a Unix socket, where a proxy asks: anybody could use up everybody's tries."""
    try:
        read = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return not address
    mapped = read.ipv4_mapped if isinstance(read, ipaddress.IPv6Address) else None
    return (mapped or read).is_loopback


def site_of(address: str | None) -> str:
    """The address; of IPv6 the network that one subscriber has."""
    if address is None:
        return ""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((read, _IPV6_SITE_BITS), strict=False))
    return str(read)
