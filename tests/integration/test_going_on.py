"""What a switch notices of a worker that dies, of a reload and of a stop: nothing that costs a call."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from gateway.control.main import YIELDS_BY
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import signing_request

SIGNING = "/stir/v1/signing"


@dataclass
class Load:
    """Switches that sign calls without pause, each on a kept connection that it opens again when it ends."""

    node: GatewayNode
    switches: int = 4
    answered: int = 0
    cut: int = 0
    """Requests that were sent and got no answer."""
    statuses: set[int] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._token = self.node.token
        self._threads = [threading.Thread(target=self._call) for _ in range(self.switches)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def go_on(self, calls: int = 200) -> None:
        """Wait until so many more have been answered."""
        until = self.answered + calls
        eventually(lambda: self.answered >= until)

    def _call(self) -> None:
        while not self._stop.is_set():
            connection = self.node.connect()
            try:
                connection.connect()
            except OSError:
                return  # refused: the node has stopped accepting
            try:
                while not self._stop.is_set() and connection.sock is not None:
                    answer = self.node.ask_on(
                        connection, "POST", SIGNING, signing_request(), token=self._token
                    )
                    with self._lock:
                        self.answered += 1
                        self.statuses.add(answer.status)
            except (OSError, http.client.HTTPException):
                with self._lock:
                    self.cut += 1
            finally:
                connection.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("going-on"), workers=2) as node:
        yield node


def test_a_killed_worker_costs_no_more_than_the_calls_it_had_and_comes_back(node: GatewayNode):
    with Load(node) as load:
        load.go_on()
        before = node.worker_pids()
        assert len(before) == 2
        os.kill(before["worker-0"], signal.SIGKILL)
        load.go_on()
        eventually(lambda: len(node.worker_pids()) == 2 and len(node.events("worker.ready")) == 3)
        after = node.worker_pids()
        assert after["worker-1"] == before["worker-1"]
        assert after["worker-0"] != before["worker-0"]
        load.go_on()
    assert load.cut <= load.switches
    assert load.statuses == {200}


def test_reloads_under_load_fail_no_call(node: GatewayNode):
    policy = node.directory / "config" / "policy.toml"
    good = policy.read_text()
    with Load(node) as load:
        load.go_on(50)
        for text in (good.replace('stir_failed = "label"', 'stir_failed = "block"'), good):
            policy.write_text(text)
            taken = node.administer("POST", "/admin/v1/reload")
            assert (taken.status, taken.json["taken"]) == (200, True)
            load.go_on(50)
        policy.write_text(good.replace('stir_failed = "label"', 'stir_failed = "lable"'))
        refused = node.administer("POST", "/admin/v1/reload")
        policy.write_text(good)
        load.go_on(50)
    assert refused.status == 409
    (problem,) = refused.json["problems"]
    assert (problem["file"], problem["key"]) == ("config/policy.toml", "verdict.stir_failed")
    assert (load.cut, load.statuses) == (0, {200})


def test_a_stop_says_so_first_and_ends_every_call_that_was_begun(tmp_path: Path):
    with running_node(tmp_path, workers=2) as node:
        with Load(node) as load:
            load.go_on()
            with closing(node.connect()) as watcher:
                assert node.ask_on(watcher, "GET", "/readyz").status == 200
                node.process.send_signal(signal.SIGTERM)
                eventually(lambda: node.ask_on(watcher, "GET", "/readyz").status == 503)
            assert node.process.wait(60) == 0
        assert (load.cut, load.statuses) == (0, {200})
        for event in node.events("child.started"):
            with pytest.raises(ProcessLookupError):
                os.kill(event["pid"], 0)


def test_calls_go_before_the_control_process(node: GatewayNode):
    (control,) = [event["pid"] for event in node.events("child.started") if event["child"] == "control"]
    (niceness,) = {os.getpriority(os.PRIO_PROCESS, pid) for pid in node.worker_pids().values()}
    assert os.getpriority(os.PRIO_PROCESS, control) == niceness + YIELDS_BY
