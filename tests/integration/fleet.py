"""A fleet on one machine: call planes behind a balancer, control planes, PostgreSQL and a cluster of Redis.

The switches here do what a balancer does: calls go to the nodes in turn, and one that does not take a
connection, or breaks one off, is passed over and left alone for a second. A call no node answers is lost.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.gateway_node import GatewayNode, eventually, running_node
from tests.postgresql import Postgresql
from tests.redis_cluster import RedisCluster

MAX_MS = 100
CALL_SECONDS = 10.0
"""What a switch waits for an answer, before it asks the next node."""
LEFT_ALONE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """What became of one call."""

    ended: float
    seconds: float
    is_lost: bool
    degraded: bool


class Switches:
    """Connections that call one after another until they are told to stop."""

    def __init__(self, nodes: Sequence[GatewayNode], token: str, *, connections: int, pause: float) -> None:
        self.calls: list[Call] = []
        self._nodes = nodes
        self._token = token
        self._pause = pause
        self._stop = threading.Event()
        self._left_alone_until: dict[int, float] = {}
        self._threads = [threading.Thread(target=self._run, args=(seed,)) for seed in range(connections)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def seconds_to_whole(self, since: float) -> float | None:
        """From `since` to the end of the last call that was degraded or lost; None without one."""
        later = [call for call in list(self.calls) if call.ended > since]
        touched = [call.ended for call in later if call.degraded or call.is_lost]
        return max(touched) - since if touched else None

    def is_whole_since(self, moment: float) -> bool:
        """Whether the last twenty calls of every connection were answered by all of their evidence."""
        last = [call for call in list(self.calls) if call.ended > moment][-20 * len(self._threads) :]
        return len(last) == 20 * len(self._threads) and not any(
            call.degraded or call.is_lost for call in last
        )

    def _run(self, seed: int) -> None:
        numbers, turns = random.Random(seed), itertools.count(seed)
        connections: dict[int, http.client.HTTPConnection] = {}
        while not self._stop.wait(self._pause):
            began = time.monotonic()
            body = _request(numbers)
            answer = None
            for _ in range(2 * len(self._nodes)):
                turn = next(turns) % len(self._nodes)
                if time.monotonic() < self._left_alone_until.get(turn, 0.0):
                    continue
                answer = self._ask(turn, connections, body)
                if answer is not None:
                    break
                self._left_alone_until[turn] = time.monotonic() + LEFT_ALONE_SECONDS
            ended = time.monotonic()
            degraded = answer is not None and bool(answer["verdict"]["degraded"])
            self.calls.append(Call(ended, ended - began, answer is None, degraded))
        for connection in connections.values():
            connection.close()

    def _ask(
        self, turn: int, connections: dict[int, http.client.HTTPConnection], body: bytes
    ) -> Mapping[str, Mapping[str, object]] | None:
        port = self._nodes[turn].calls_port
        connection = connections.setdefault(
            turn, http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/v1/verdicts", body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        if answer.status != 200:
            return None
        found: Mapping[str, Mapping[str, object]] = json.loads(text)
        return found


def _request(numbers: random.Random) -> bytes:
    """A call by one of a million numbers: all partitions are asked."""
    call = {
        "id": f"{numbers.getrandbits(64):x}",
        "from": {"tn": f"+44161496{numbers.randrange(10_000):04d}"},
        "pai": {"tn": f"+4477009{numbers.randrange(100_000):05d}"},
        "to": {"tn": [f"+44207946{numbers.randrange(10_000):04d}"]},
        "time": int(time.time()),
        "identity": [],
    }
    return json.dumps({"call": call, "max_ms": MAX_MS}).encode()


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is running."""

    control: Sequence[GatewayNode]
    calls: Sequence[GatewayNode]
    cluster: RedisCluster
    token: str

    def leader(self) -> GatewayNode:
        """The control plane that leads."""
        found = self.control[-1].administer("GET", "/admin/v1/nodes", token=self.control[0].token).json
        [own] = [each["id"] for each in found["nodes"] if each["is_this"]]
        leads = [each["id"] for each in found["nodes"] if each["leads"] and not each["is_gone"]]
        return self.control[-1] if leads == [own] else self.control[0]


@contextmanager
def running_fleet(
    directory: Path,
    postgresql: Postgresql,
    cluster: RedisCluster,
    *,
    call_planes: int,
    control_planes: int = 1,
) -> Iterator[Fleet]:
    """All nodes, once each is told of by the others and Redis is filled."""
    shared = {"CALLMARK_DATABASE__URL": postgresql.new_database(), "CALLMARK_REDIS__URL": cluster.url}
    with ExitStack() as stack:

        def start(name: str, plane: str) -> GatewayNode:
            (directory / name).mkdir()
            return stack.enter_context(running_node(directory / name, environment=shared, plane=plane))

        control = [start(f"control-{n + 1}", "control") for n in range(control_planes)]
        calls = [start(f"calls-{n + 1}", "calls") for n in range(call_planes)]
        token = control[0].make_token("switch", "call:verify", trunk="access-1")
        fleet = Fleet(control, calls, cluster, token)
        with Switches(calls, token, connections=2, pause=0.02) as warming:
            eventually(lambda: warming.is_whole_since(0.0))
        yield fleet


def show(name: str, switches: Switches, began: float) -> str:
    """What happened since, in one line."""
    calls = [call for call in list(switches.calls) if call.ended > began]
    whole = switches.seconds_to_whole(began)
    with contextlib.suppress(ValueError):
        longest = max(call.seconds for call in calls)
        return (
            f"{name:<38}{len(calls):>8,} calls  {sum(c.is_lost for c in calls):>3} lost  "
            f"{sum(c.degraded for c in calls):>6,} degraded  longest {longest * 1000:>6.0f} ms  "
            f"whole again after {0.0 if whole is None else whole:.1f} s"
        )
    return f"{name:<38}no calls"
