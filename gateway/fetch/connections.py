"""Which address a fetch really connects to, and whose TLS certificate is believed.

The ban on private addresses (RFC 6890; ATIS-1000074 through `certificates/x5u.py`) is applied where the
socket is made, for each address that is about to be connected to: there it sees IP literals, every disguise
that a resolver undoes, and the second answer of a name that changes between check and connect. What is
written in the URL is checked before, in `certificates/x5u.py`.
"""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from pathlib import Path
from typing import Final
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver

from gateway.certificates.address import forbidden_address
from gateway.certificates.x5u import HTTP_PORT, X5uPolicy
from gateway.fetch.hosts import MOST_PER_HOST, STRANGERS_AT_ONCE, VOUCHED_AT_ONCE
from gateway.fetch.names import NameResolver

_NAMES_KEPT_SECONDS: Final = 60
"""How long a name's addresses are remembered: a list of one host's URLs asks once. Remembering is safe,
because the ban looks at the address, not at the name."""

forbidden: ContextVar[list[str] | None] = ContextVar("forbidden", default=None)
"""Why addresses were refused during the fetch that set it. aiohttp folds the errors of several addresses
into one text, so the reason cannot travel in the exception; the tasks that connect share the list."""


class AddressForbiddenError(OSError):
    """The address is one the gateway does not connect to."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and name verified.

    `ca_file` *replaces* the system's authorities, as with curl's --cacert: whoever names a file decides who
    is believed. Raises ValueError with a sentence when it holds no usable certificate.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ValueError(
            f"{ca_file}: no certificates of TLS authorities can be read from it: {error}"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Set by default from Python 3.13 on: an authority without a key identifier would be believed by one and
    # refused by the next. Chain, dates and name are checked without it.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def checked_connector(
    policy: X5uPolicy,
    tls: ssl.SSLContext,
    resolver: AbstractResolver | None = None,
    *,
    opened: WeakSet[socket.socket],
) -> aiohttp.TCPConnector:
    """Make a connector that opens no socket towards an address or port the policy forbids.

    Each fetch has a connection of its own: kept ones would be a socket per host that a flood of calls
    names, and a handshake a day per certificate costs nothing. Each socket is put into `opened`. (Needs a
    running loop.)
    """

    def checked_socket(address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, proto, _, address = address_info
        problem = _problem(str(address[0]), int(address[1]), policy)
        if problem is not None:
            reasons = forbidden.get()
            if reasons is not None:
                reasons.append(problem)
            raise AddressForbiddenError(problem)
        made = socket.socket(family=family, type=kind, proto=proto)
        opened.add(made)
        return made

    return aiohttp.TCPConnector(
        ssl=tls,
        socket_factory=checked_socket,
        resolver=NameResolver() if resolver is None else resolver,
        ttl_dns_cache=_NAMES_KEPT_SECONDS,
        force_close=True,
        # `hosts.py` gives the turns and keeps the queue bounded; these say the same once more.
        limit=STRANGERS_AT_ONCE + VOUCHED_AT_ONCE,
        limit_per_host=MOST_PER_HOST,
    )


def _problem(address: str, port: int, policy: X5uPolicy) -> str | None:
    # Which scheme may name which port was asked of the address; here no list of ports knows the scheme.
    if port not in (HTTP_PORT, *policy.allowed_ports):
        return f"port {port} is not one certificates are fetched from"
    why = None if policy.allow_private_addresses else forbidden_address(address)
    return None if why is None else f"its host's address is {why}"
