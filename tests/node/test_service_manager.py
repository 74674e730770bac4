"""What a node tells the service manager that started it, on a real socket, through its whole life."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.node.service_manager import ServiceManager
from tests.gateway_node import eventually, running_node


class Manager:
    """The socket of a service manager, and every word that came to it."""

    def __init__(self, address: str) -> None:
        self.words: list[dict[str, str]] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind(address)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while message := self._end.recv(4096):
                self.words.append(dict(line.split("=", 1) for line in message.decode().splitlines()))

    def told(self, name: str) -> list[dict[str, str]]:
        return [words for words in list(self.words) if name in words]

    def close(self) -> None:
        self._end.close()


@contextlib.contextmanager
def manager(address: str) -> Iterator[Manager]:
    listening = Manager(address)
    try:
        yield listening
    finally:
        listening.close()


def test_a_node_tells_of_its_start_each_reload_its_life_and_its_stop(tmp_path: Path):
    address = str(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "400000"}
    with manager(address) as listening:
        with running_node(tmp_path, environment=environment) as node:
            eventually(lambda: listening.told("READY"))
            assert listening.told("READY")[0]["STATUS"] == "Answering calls."
            eventually(lambda: len(listening.told("WATCHDOG")) >= 2)

            began = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            policy = node.directory / "config" / "policy.toml"
            policy.write_text(policy.read_text().replace('replay = "none"', 'replay = "label"'))
            assert node.administer("POST", "/admin/v1/reload").status == 200
            eventually(lambda: len(listening.told("READY")) == 2)
            [reloading] = listening.told("RELOADING")
            assert reloading["RELOADING"] == "1"
            assert int(reloading["MONOTONIC_USEC"]) >= began
            assert "generation 2" in listening.told("READY")[1]["STATUS"]

            policy.write_text("[verdict]\nreplay = 'labl'\n")
            node.process.send_signal(signal.SIGHUP)
            eventually(lambda: len(listening.told("READY")) >= 3)
            assert "refused" in listening.told("READY")[2]["STATUS"]
        eventually(lambda: listening.told("STOPPING"))
    # The variables are for the supervisor alone: no child could tell that the node is ready.
    assert all(
        set(words) <= {"READY", "STATUS", "RELOADING", "MONOTONIC_USEC", "WATCHDOG", "STOPPING"}
        for words in listening.words
    )


def test_an_abstract_socket_is_spoken_to_as_well():
    name = f"callmark-test-{time.time_ns()}"
    with manager(f"\0{name}") as listening:
        ServiceManager(f"@{name}").tell(STATUS="here")
        eventually(lambda: listening.told("STATUS"))


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(tmp_path):
    ServiceManager().tell(READY="1")
    ServiceManager(str(tmp_path / "nobody")).tell(READY="1")
    ServiceManager("x" * 4000).tell(READY="1")


def test_the_variables_are_taken_and_the_watch_of_another_process_is_not_ours():
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1", "HOME": "/"}
    assert ServiceManager.from_environment(environment).watchdog_seconds == 0
    assert environment == {"HOME": "/"}
    assert ServiceManager.from_environment({"WATCHDOG_USEC": "3000000"}).watchdog_seconds == 3
    assert ServiceManager.from_environment({"WATCHDOG_USEC": "soon"}).watchdog_seconds == 0


async def test_the_watch_ends_with_what_it_watches(tmp_path):
    address = str(tmp_path / "notify")
    with manager(address) as listening:
        async with ServiceManager(address, watchdog_seconds=0.02).watched():
            async with asyncio.timeout(60):
                while len(listening.told("WATCHDOG")) < 3:  # noqa: ASYNC110 - a thread hears them
                    await asyncio.sleep(0.01)
        ServiceManager(address).tell(STATUS="the watch has ended")
        async with asyncio.timeout(60):
            while not listening.told("STATUS"):  # noqa: ASYNC110 - a thread hears it
                await asyncio.sleep(0.01)
        count = len(listening.words)
        await asyncio.sleep(0.1)
        assert len(listening.words) == count
