"""The rounds: each subject in turn within the same seconds, and back in the opposite order."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import hostile, material
from bench.load import LoadError
from bench.measure import CONNECTIONS, LOAD_CORE, SERVER_CORE, Measured, measure
from bench.processes import pin
from bench.subjects import Node, OpensslSpeed, openssl_speed


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    requests: int
    """Of each subject in each round."""
    pairs_of_nodes: int
    hostile_rounds: int
    hostile_requests: int
    """Of each kind in each round."""
    latency_rounds: int
    latency_seconds: float


FULL = Size(
    rounds=7,
    requests=8_000,
    pairs_of_nodes=5,
    hostile_rounds=9,
    hostile_requests=600,
    latency_rounds=3,
    latency_seconds=5.0,
)
CHECK = Size(
    rounds=5,
    requests=4_000,
    pairs_of_nodes=0,
    hostile_rounds=3,
    hostile_requests=400,
    latency_rounds=3,
    latency_seconds=3.0,
)
QUICK = Size(
    rounds=2,
    requests=3_000,
    pairs_of_nodes=0,
    hostile_rounds=1,
    hostile_requests=400,
    latency_rounds=1,
    latency_seconds=3.0,
)

ONE_WORKER = "verdict, one worker"
ONE_BESIDE_LOAD = "verdict, one worker beside the load"
TWO_WORKERS = "verdict, two workers"

Rows = dict[str, list[Measured]]
"""By subject, one entry a round."""


@dataclass(slots=True)
class Results:
    rows: Rows = field(default_factory=lambda: defaultdict(list))
    openssl: list[OpensslSpeed] = field(default_factory=list)
    degraded: int = 0
    """Verdicts that had to do without evidence: Valkey beyond its 20 ms."""
    hostile: dict[str, list[tuple[Measured, Measured]]] = field(default_factory=lambda: defaultdict(list))
    """By kind of token, one entry a round: those, and the genuine ones asked right before."""
    hostile_verstats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    latency: list[Measured] = field(default_factory=list)
    latency_rate: float = 0.0


class Bench:
    """One run against a node and, where it is installed, secsipidx."""

    def __init__(self, node: Node, rival: tuple[int, int] | None, size: Size) -> None:
        self._node = node
        self._rival = rival
        self._size = size
        self._key = material.read_key(node.directory / "certs" / "dev" / "shaken.key")
        self.results = Results()

    def run(self) -> None:
        subjects: list[tuple[str, Callable[[int], Measured]]] = [
            ("verification", self._verification),
            ("verdict", self._verdict),
            ("signing", self._signing),
        ]
        if self._rival is not None:
            subjects = [
                ("secsipidx check", self._rival_check),
                *subjects[:2],
                ("secsipidx sign-csv", self._rival_sign),
                subjects[2],
            ]
        _say("warming up")
        for _, subject in subjects:
            subject(self._size.requests // 2)
        self.results.degraded = 0
        for place in range(self._size.rounds):
            _say(f"round {place + 1} of {self._size.rounds}")
            self.results.openssl.append(openssl_speed(core=SERVER_CORE, seconds=1))
            # There and back: a drift of the machine does not favour whoever comes first.
            for name, subject in subjects if place % 2 == 0 else reversed(subjects):
                self.results.rows[name].append(subject(self._size.requests))

    def two_workers(self, other: Node) -> None:
        """The same load on two workers and on one, in turn: as many connections for each worker.

        With as many in all, each of two workers would have half as many calls to ask Redis about at once. The
        one is measured in both places: beside the load, where the second of two is, a call costs more.
        """
        connections = 2 * CONNECTIONS
        (worker,) = self._node.workers
        self._ask_verdicts(other, self._size.requests // 2, connections=connections)
        for place in range(self._size.pairs_of_nodes):
            _say(f"two workers and one, {place + 1} of {self._size.pairs_of_nodes}")
            self.results.rows[ONE_WORKER].append(self._verdict(self._size.requests))
            self.results.rows[TWO_WORKERS].append(
                self._ask_verdicts(other, self._size.requests, connections=connections)
            )
            pin(worker, {LOAD_CORE})
            self.results.rows[ONE_BESIDE_LOAD].append(self._verdict(self._size.requests))
            pin(worker, {SERVER_CORE})

    def latency(self) -> None:
        """Open loop at half of what the closed loop reached."""
        rows = sorted(each.per_second for each in self.results.rows["verdict"])
        rate = rows[len(rows) // 2] / 2
        _say(f"latency at {rate:.0f} calls a second")
        self.results.latency_rate = rate
        count = int(rate * self._size.latency_seconds)
        for _ in range(self._size.latency_rounds):
            self.results.latency.append(self._ask_verdicts(self._node, count, rate=rate))

    def hostile(self) -> None:
        """Each kind of hostile token in turn, each right after as many genuine ones."""
        for place in range(self._size.hostile_rounds):
            _say(f"hostile tokens, {place + 1} of {self._size.hostile_rounds}")
            for kind in hostile.KINDS:
                genuine = self._verdict(self._size.hostile_requests)
                requests = hostile.requests(
                    kind, self._size.hostile_requests, key=self._key, token=self._node.token
                )
                measured = self._ask(self._node, requests, material.is_answered)
                self.results.hostile[kind.name].append((measured, genuine))
                self.results.hostile_verstats[kind.name] = hostile.verstats(measured.kept)

    def _verification(self, count: int) -> Measured:
        requests = [material.verification(call, self._node.token) for call in self._calls(count)]
        return self._ask(self._node, requests, material.is_passed)

    def _verdict(self, count: int) -> Measured:
        return self._ask_verdicts(self._node, count)

    def _signing(self, count: int) -> Measured:
        requests = [material.signing(call, self._node.token) for call in material.calls(count, key=None)]
        return self._with_signatures(self._ask(self._node, requests, material.is_signed))

    def _rival_check(self, count: int) -> Measured:
        pid, port = self._rival_address()
        requests = [material.secsipidx_check(call) for call in self._calls(count)]
        return measure(port, requests, material.is_checked, servers=[pid])

    def _rival_sign(self, count: int) -> Measured:
        pid, port = self._rival_address()
        requests = [material.secsipidx_sign(call) for call in material.calls(count, key=None)]
        return self._with_signatures(measure(port, requests, material.is_signed, servers=[pid]))

    def _rival_address(self) -> tuple[int, int]:
        if self._rival is None:
            raise LoadError("secsipidx is not there")
        return self._rival

    def _calls(self, count: int) -> list[material.Call]:
        return material.calls(count, key=self._key)

    def _ask_verdicts(
        self, node: Node, count: int, *, rate: float | None = None, connections: int = CONNECTIONS
    ) -> Measured:
        requests = [material.verdict(call, node.token) for call in self._calls(count)]
        measured = self._ask(node, requests, material.is_allowed, rate=rate, connections=connections)
        self.results.degraded += sum(map(material.is_degraded, measured.kept))
        return measured

    def _ask(
        self,
        node: Node,
        requests: list[bytes],
        check: Callable[[bytes], bool],
        *,
        rate: float | None = None,
        connections: int = CONNECTIONS,
    ) -> Measured:
        return measure(
            node.port,
            requests,
            check,
            servers=node.workers,
            others=node.others,
            rate=rate,
            connections=connections,
        )

    def _with_signatures(self, measured: Measured) -> Measured:
        public_key = self._key.public_key()
        if not all(material.bears_signature(response, public_key) for response in measured.kept):
            raise LoadError("a signature made under load does not verify")
        return measured


def _say(text: str) -> None:
    sys.stderr.write(f"  {text}\n")
