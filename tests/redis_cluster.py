"""A real cluster for tests: three primaries, and a replica for each where asked for, on loopback ports."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from tests.ports import free_port
from tests.valkey import Valkey

PRIMARIES = 3
SLOTS = 16_384
FORMS_WITHIN_SECONDS = 60.0
NODE_TIMEOUT_MS = 1500
"""After which a primary that does not answer is replaced: short, so that tests are."""


class RedisCluster:
    """Its nodes: the first three began as primaries, their replicas follow in the same order."""

    def __init__(self, directory: Path, *, replicas: bool, options: tuple[str, ...]) -> None:
        self.ports = [free_port() for _ in range(PRIMARIES * (1 + replicas))]
        self.nodes = []
        for number, port in enumerate(self.ports):
            place = directory / str(number)
            place.mkdir()
            self.nodes.append(
                Valkey(
                    place, "--cluster-enabled", "yes", "--port", str(port), "--bind", "127.0.0.1",
                    "--cluster-port", str(free_port()), "--cluster-node-timeout", str(NODE_TIMEOUT_MS),
                    "--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0",
                    "--repl-diskless-sync-delay", "0", *options,
                )
            )  # fmt: skip

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.nodes[:PRIMARIES]):
            first = SLOTS * number // PRIMARIES
            last = SLOTS * (number + 1) // PRIMARIES - 1
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        with self.nodes[0].client() as client:
            for node, port in zip(self.nodes[1:], self.ports[1:], strict=True):
                bus = node.options["--cluster-port"]
                client.execute_command("CLUSTER MEET", "127.0.0.1", port, bus)
        _until(lambda: all(self.knows(node) == len(self.nodes) for node in self.nodes))
        for primary, replica in zip(self.nodes[:PRIMARIES], self.nodes[PRIMARIES:], strict=False):
            with primary.client() as client:
                name = client.execute_command("CLUSTER MYID")
            with replica.client() as client:
                client.execute_command("CLUSTER REPLICATE", name)
        _until(lambda: all(self.is_ok(node) for node in self.nodes))
        _until(lambda: all(_is_linked(node) for node in self.nodes[PRIMARIES:]))

    def knows(self, node: Valkey) -> int:
        return int(_info(node)["cluster_known_nodes"])

    def is_ok(self, node: Valkey) -> bool:
        return _info(node)["cluster_state"] == "ok"

    def close(self) -> None:
        for node in self.nodes:
            node.kill()


def _info(node: Valkey) -> dict[str, str]:
    with node.client() as client:
        found: dict[str, str] = client.execute_command("CLUSTER INFO")
        return found


def _is_linked(node: Valkey) -> bool:
    with node.client() as client:
        return bool(client.info("replication").get("master_link_status") == "up")


def _until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + FORMS_WITHIN_SECONDS
    while True:
        with contextlib.suppress(redis.RedisError):
            if holds():
                return
        if time.monotonic() > give_up:
            raise RuntimeError("the cluster did not form")
        time.sleep(0.02)


@contextlib.contextmanager
def running_cluster(*options: str, replicas: bool = False) -> Iterator[RedisCluster]:
    """A cluster that is whole."""
    directory = Path(tempfile.mkdtemp(prefix="rc-"))
    cluster = RedisCluster(directory, replicas=replicas, options=options)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
        shutil.rmtree(directory, ignore_errors=True)
