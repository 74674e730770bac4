"""Listening sockets: what an address in `[listen]` may look like, and opening it.

An address is `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`. Names are refused: which of a name's
addresses is meant, and whether it is loopback, must not depend on a resolver. Every failure is one
sentence with the key and what to do; nothing is tried twice.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BACKLOG: Final = 1024
LONGEST_UNIX_PATH_BYTES: Final = 107
"""sun_path of unix(7) less its terminating zero."""
_HOST_AND_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})")


class ListenError(Exception):
    """An address that cannot be listened on; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """An IP address and a port; port 0 lets the system choose one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The path of a socket file."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


@dataclass(frozen=True, slots=True)
class Listen:
    """A key of `[listen]` and its addresses. One that is not required stays off when it cannot be opened."""

    key: str
    addresses: tuple[Address, ...]
    required: bool = True


def parse_address(text: str) -> Address:
    """Return the address. Raises ListenError, never another."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/") or "\0" in path:
            raise ListenError(f"{text!r}: a socket file is written unix:/absolute/path")
        if len(path.encode(errors="surrogateescape")) > LONGEST_UNIX_PATH_BYTES:
            raise ListenError(
                f"{text!r}: the path of a socket file has at most 107 bytes; choose a shorter one"
            )
        return UnixAddress(path)
    shape = _HOST_AND_PORT.fullmatch(text)
    if shape is None:
        raise ListenError(
            f"{text!r}: write an IP address and a port (127.0.0.1:8080, [::1]:8080) or unix:/path"
        )
    try:
        host = ipaddress.IPv6Address(shape[1]) if shape[1] else ipaddress.IPv4Address(shape[2])
    except ValueError:
        raise ListenError(f"{text!r}: {shape[1] or shape[2]} is no IP address") from None
    if int(shape[3]) > 65535:
        raise ListenError(f"{text!r}: a port is at most 65535")
    return TcpAddress(str(host), int(shape[3]))


def open_listener(address: Address, key: str) -> socket.socket:
    """Return a listening, non-blocking socket. Raises ListenError naming `key`."""
    try:
        return _open_unix(address.path) if isinstance(address, UnixAddress) else _open_tcp(address)
    except OSError as problem:
        raise ListenError(f"[listen] {key} = {address}: {_explain(problem, address, key)}") from None


def close_listener(listener: socket.socket) -> None:
    """Close a listener and remove its socket file."""
    name = listener.getsockname()
    listener.close()
    if isinstance(name, str) and name:
        Path(name).unlink(missing_ok=True)


def listener_address(listener: socket.socket) -> str:
    """Return where a listener listens, as it would be written in `[listen]`."""
    name = listener.getsockname()
    return f"unix:{name}" if isinstance(name, str) else str(TcpAddress(name[0], name[1]))


def _open_tcp(address: TcpAddress) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:
            # Otherwise [::]:8080 takes 0.0.0.0:8080 as well, and a list of both cannot be opened.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address.host, address.port))
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def _open_unix(path: str) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        Path(path).chmod(0o660)
        listener.listen(BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: str) -> None:
    """Remove a socket file nobody listens on; raises EADDRINUSE when somebody does or it is no socket."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        if stat.S_ISSOCK(mode) and probe.connect_ex(path) == errno.ECONNREFUSED:
            Path(path).unlink(missing_ok=True)
            return
    raise OSError(errno.EADDRINUSE, "in use")


def _explain(problem: OSError, address: Address, key: str) -> str:
    variable = f"CALLMARK_LISTEN__{key.upper()}"
    if problem.errno == errno.EADDRINUSE and isinstance(address, TcpAddress):
        return (
            f"port {address.port} is taken by another program. Stop that program, or choose another port: "
            f"{variable}={TcpAddress(address.host, (address.port + 10) % 65536)}"
        )
    if problem.errno == errno.EADDRINUSE:
        return (
            "the file is in use or is no socket. Stop the program that listens there, "
            f"or choose another path with {variable}"
        )
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no such address. Name one of its own, or set {variable}"
    if problem.errno == errno.EACCES and isinstance(address, TcpAddress):
        return (
            f"ports below 1024 need a right this user lacks. Choose a higher port with {variable}, "
            "or grant CAP_NET_BIND_SERVICE"
        )
    return f"{os.strerror(problem.errno or 0)}. Set another address with {variable}"
