"""A hundred calls naming a hundred hosts that never answer: bounded work, and nobody else waits for it."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.fetch.hosts import STRANGERS_AT_ONCE
from tests import pki
from tests.gateway_node import GatewayNode
from tests.hostile.signer import Signer, Switch
from tests.integration.tokens import make_identity
from tests.repository import Repository

HOSTS = 100


class Silence(threading.Thread):
    """A hundred addresses of loopback at one port: every connection is taken and never answered."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.addresses = [f"127.0.77.{number}" for number in range(1, HOSTS + 1)]
        self.urls = [f"https://{address}:{port}/a.pem" for address in self.addresses]
        self.taken: Counter[str] = Counter()
        """Connections by the address they were made to."""
        self.most_at_once = 0
        self._open: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._listeners = [socket.create_server((address, port)) for address in self.addresses]
        for listener in self._listeners:
            self._selector.register(listener, selectors.EVENT_READ)

    def run(self) -> None:
        while self._listeners:
            for key, _ in self._selector.select(0.1):
                listener = key.fileobj
                assert isinstance(listener, socket.socket)
                connection, _ = listener.accept()
                self.taken[listener.getsockname()[0]] += 1
                self._open.add(connection)
            # Not by their events: an end that has come is often reported after the connection that took its
            # place. All that are still open when asked were open at once, at the first question.
            for connection in [each for each in self._open if _has_ended(each)]:
                self._open.discard(connection)
                connection.close()
            self.most_at_once = max(self.most_at_once, len(self._open))

    def stop(self) -> None:
        listeners, self._listeners = self._listeners, []
        self.join(60)
        for each in (*listeners, *self._open):
            each.close()
        self._selector.close()


def _has_ended(connection: socket.socket) -> bool:
    try:
        while connection.recv(65_536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


@pytest.fixture
def silence(host: Repository) -> Iterator[Silence]:
    silence = Silence(host.port)
    silence.start()
    yield silence
    silence.stop()


def test_a_hundred_dead_hosts_cost_bounded_work_and_hold_nobody_up(
    node: GatewayNode, switch: Switch, signer: Signer, silence: Silence
):
    assert switch.passes(signer.identity())
    key = pki.new_key()

    def dead(url: str) -> str:
        with Switch(node) as own:
            code: str = own.verdict(make_identity(key, url))["reasons"][0]["code"]
            return code

    with ThreadPoolExecutor(HOSTS) as calls:
        waiting = [calls.submit(dead, url) for url in silence.urls]
        genuine = 0
        while not all(call.done() for call in waiting):
            assert switch.passes(signer.identity())
            genuine += 1
    assert genuine > 0
    codes = {call.result() for call in waiting}
    assert codes <= {"stir.credential.pending", "stir.credential.unobtainable"}
    assert 0 < silence.most_at_once <= STRANGERS_AT_ONCE


def test_a_host_that_never_answers_is_left_in_peace(switch: Switch, signer: Signer, silence: Silence):
    key = pki.new_key()
    for number in range(40):
        url = silence.urls[-1].replace("a.pem", f"{number}.pem")
        switch.verdict(make_identity(key, url), max_ms=1)
    # Three failures rest it. Those under way at once are four, and as many more wait for their turn.
    rested = silence.addresses[-1]
    quiet_from = silence.taken[rested]
    time.sleep(1.5)
    for number in range(40):
        url = silence.urls[-1].replace("a.pem", f"again-{number}.pem")
        switch.verdict(make_identity(key, url), max_ms=1)
    assert silence.taken[rested] - quiet_from <= 8
    assert switch.passes(signer.identity())
