"""Loopback ports for the servers of tests: given once, and to no other process of the same test run.

They lie below those that the kernel gives to connections: one of these may be some connection's before a
server that is still starting has taken it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import socket
from typing import Final

_FIRST: Final = 10_000
_OF_EACH: Final = 2_000
"""Ports for each process of the run; there is room for eleven."""
_PROCESS: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 11
# From a chance place, for another test run may be under way on this machine.
_turns: Final = itertools.count(secrets.randbelow(_OF_EACH))


def free_port() -> int:
    """A port that nobody had a moment ago, of TCP and of UDP."""
    while True:
        port = _FIRST + _PROCESS * _OF_EACH + next(_turns) % _OF_EACH
        with contextlib.suppress(OSError), socket.socket() as tcp, _datagrams() as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
