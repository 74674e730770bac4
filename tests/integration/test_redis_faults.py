"""Redis killed, paused, emptied and filled while calls run: every call is answered, and truly."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Self

import pytest
import redis

from gateway.node.valkey import socket_path
from tests.gateway_node import GatewayNode, eventually, running_node
from tests.integration.tokens import FROM, TO, signing_request
from tests.valkey import running_valkey

MAX_MS = 100
CONNECTIONS = 4
CALLS = 400
SCAM = "442079460666"
PATIENT = "447700900999"
_ids = itertools.count()


def verdict_request(*, orig: str = FROM, dest: str = TO, call_id: str = "", **members: Any) -> dict[str, Any]:
    call = {
        "id": call_id or f"call-{next(_ids)}",
        "from": {"tn": f"+{orig}"},
        "to": {"tn": [f"+{dest}" if len(dest) > 6 else dest]},
        "time": int(time.time()),
        **members,
    }
    return {"call": call, "max_ms": MAX_MS}


class Load:
    """Switches on connections of their own, asking for verdicts one after another until told to stop."""

    def __init__(self, node: GatewayNode, identity: str) -> None:
        self.answers: list[tuple[float, int, tuple[str, ...]]] = []
        """When each came (monotonic), its status, what was degraded."""
        self._node = node
        self._identity = identity
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CONNECTIONS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self) -> None:
        with contextlib.closing(self._node.connect()) as connection:
            # Every second call is signed, so that the replay memory is asked too.
            for identity in itertools.cycle(([], [self._identity])):
                if self._stop.wait(0.005):
                    return
                try:
                    answer = self._node.ask_on(
                        connection, "POST", "/domestic/v1/verdicts", verdict_request(identity=identity)
                    )
                except (OSError, http.client.HTTPException):
                    self.answers.append((time.monotonic(), 0, ()))
                    connection.close()
                    continue
                degraded = answer.json["verdict"]["degraded"] if answer.status == 200 else ()
                self.answers.append((time.monotonic(), answer.status, tuple(degraded)))

    def is_whole_since(self, moment: float) -> bool:
        """Whether the last answers of all connections were complete."""
        last = [degraded for at, _, degraded in list(self.answers) if at > moment][-5 * CONNECTIONS :]
        return len(last) == 5 * CONNECTIONS and not any(last)

    def is_degraded_since(self, moment: float, missing: str) -> bool:
        return any(missing in degraded for at, _, degraded in list(self.answers) if at > moment)


@contextlib.contextmanager
def calls(node: GatewayNode) -> Iterator[Load]:
    """A load that was whole before; in the end every call was answered."""
    with Load(node, signed_identity(node)) as load:
        eventually(lambda: load.is_whole_since(0.0))
        yield load
        eventually(lambda: len(load.answers) >= CALLS)
    assert {status for _, status, _ in load.answers} == {200}


def whole_again(load: Load) -> None:
    returned = time.monotonic()
    eventually(lambda: load.is_whole_since(returned))


def signed_identity(node: GatewayNode, **changes: Any) -> str:
    answer = node.post("/stir/v1/signing", signing_request(**changes))
    assert answer.status == 200, answer.body
    identity: str = answer.json["signingResponse"]["identity"]
    return identity


def ask(node: GatewayNode, *, path: str = "/domestic/v1/verdicts", **how: Any) -> dict[str, Any]:
    answer = node.post(path, verdict_request(**how))
    assert answer.status == 200, answer.body
    verdict: dict[str, Any] = answer.json["verdict"]
    return verdict


def ask_whole(node: GatewayNode, **how: Any) -> dict[str, Any]:
    """The same with all of its evidence: on busy cores a call may have to do without, and then says so."""
    verdicts: list[dict[str, Any]] = []

    def is_whole() -> bool:
        verdicts.append(ask(node, **how))
        return not verdicts[-1]["degraded"]

    eventually(is_whole)
    return verdicts[-1]


def codes(verdict: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in verdict["reasons"]}


class OwnersDoor(http.client.HTTPConnection):
    """The node's `control.sock`."""

    def __init__(self, node: GatewayNode) -> None:
        super().__init__("localhost", timeout=10)
        self._path = node.directory / "data" / "control.sock"

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def import_complaints(node: GatewayNode, tn: str, count: int) -> None:
    file = node.directory / f"complaints-{tn}.csv"
    day = datetime.now(UTC).date().isoformat()
    lines = [f"+{tn},{day},reporter-{number}" for number in range(count)]
    file.write_text("tn,day,reporter\n" + "\n".join(lines) + "\n")
    with contextlib.closing(OwnersDoor(node)) as door:
        asked = json.dumps({"path": str(file), "format": "csv"})
        door.request("POST", "/admin/v1/imports", asked, {"Content-Type": "application/json"})
        answer = door.getresponse()
        body = answer.read()
    assert answer.status == 202, body
    eventually(lambda: ask(node, orig=tn)["reputation"]["score"] > 0)


def embedded(node: GatewayNode) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket_path(node.directory / "data" / "valkey")), retry=None, socket_timeout=5
    )


def valkey_pid(node: GatewayNode) -> int:
    started = [event for event in node.events("child.started") if event["child"] == "valkey"]
    pid: int = started[-1]["pid"]
    return pid


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[GatewayNode]:
    """Two workers, the embedded Valkey, and a number people complained about."""
    with running_node(tmp_path_factory.mktemp("node"), workers=2) as running:
        import_complaints(running, SCAM, 40)
        eventually(lambda: ask(running)["degraded"] == [])
        yield running


# --- what the embedded Valkey does for calls ---------------------------------------------------


def test_imported_complaints_decide_a_verdict(node):
    verdict = ask_whole(node, orig=SCAM)
    assert verdict["action"] == "block"
    assert "reputation.score" in codes(verdict)
    assert verdict["reputation"]["score"] > 0.9
    assert verdict["reputation"]["evidence"][0]["complaints"] == 40


def test_one_passport_in_several_calls_is_counted_across_workers(node):
    identity = [signed_identity(node, origid="6c1f1c2e-6a61-4a9a-9a9e-5d6f0a7b9f01")]
    before = {worker: _requests_of(node, worker) for worker in node.worker_pids()}
    seen = []
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(node.connect())) for _ in range(4)]
        for call_id in ("a", "b", "b", "c", "d", "e"):
            for connection in connections:
                body = verdict_request(identity=identity, call_id=f"replayed-{call_id}")
                answer = {"degraded": ["replay"]}
                while answer["degraded"]:  # told again, it is the same call
                    answer = node.ask_on(connection, "POST", "/domestic/v1/verdicts", body).json["verdict"]
                assert answer["verstat"] == "TN-Validation-Passed"
                details = [
                    one["detail"] for one in answer["reasons"] if one["code"] == "replay.distinct-calls"
                ]
                seen.append((call_id, details))
    eventually(lambda: all(_requests_of(node, worker) > count for worker, count in before.items()))
    expected = {"a": [], "b": ["seen in 2 calls"], "c": ["seen in 3 calls"], "d": ["seen in 4 calls"]}
    assert all(details == expected.get(call_id, ["seen in 5 calls"]) for call_id, details in seen)


def _requests_of(node: GatewayNode, worker: str) -> int:
    return sum(event["process"] == worker for event in node.events("call"))


def test_whoever_called_for_help_can_be_called_back(node):
    blocked = ask_whole(node, orig=SCAM, dest=PATIENT)
    assert blocked["action"] == "block"
    # A call for help that comes from another network opens nothing.
    assert ask(node, orig=PATIENT, dest="999")["action"] == "allow"
    assert ask_whole(node, orig=SCAM, dest=PATIENT)["action"] == "block"
    assert (
        node.post("/stir/v1/signing", signing_request(orig={"tn": PATIENT}, dest={"tn": ["999"]})).status
        == 200
    )
    eventually(lambda: ask_whole(node, orig=SCAM, dest=PATIENT)["action"] == "allow")
    back = ask_whole(node, orig=SCAM, dest=PATIENT)
    assert {"emergency.call-back", "reputation.score"} <= codes(back)
    assert ask_whole(node, orig=SCAM, dest=PATIENT, path="/international/v1/verdicts")["action"] == "block"
    key = next(iter(embedded(node).scan_iter(match=f"cm:emergency:*{PATIENT}")))
    assert 1700 < embedded(node).ttl(key) <= 1800


def test_a_verdict_asked_for_a_customers_call_for_help_is_noted_too(node):
    caller = "447700900888"
    assert ask(node, orig=caller, dest="112", path="/customer/v1/verdicts")["action"] == "allow"
    eventually(lambda: ask_whole(node, orig=SCAM, dest=caller)["action"] == "allow")


# --- faults ------------------------------------------------------------------------------------


def test_valkey_killed(node):
    with calls(node) as load:
        killed = time.monotonic()
        before = valkey_pid(node)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: load.is_degraded_since(killed, "reputation"))
        eventually(lambda: valkey_pid(node) != before)
        whole_again(load)
    assert "reputation.score" in codes(ask_whole(node, orig=SCAM)), "kept on the disk"


def test_valkey_paused(node):
    pid = valkey_pid(node)
    with calls(node) as load:
        paused = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        try:
            eventually(lambda: load.is_degraded_since(paused, "reputation"))
            eventually(lambda: load.is_degraded_since(paused, "replay"))
            stopped = ask(node, orig=SCAM, dest=PATIENT)
            assert (stopped["action"], "reputation" in stopped["degraded"]) == ("allow", True)
            ready = node.ask("GET", "/readyz", token=None)
            assert ready.status == 200, "a gateway without Redis still answers calls"
            time.sleep(max(0.0, paused + 2.0 - time.monotonic()))  # the fault's length, not a wait
        finally:
            os.kill(pid, signal.SIGCONT)
        whole_again(load)
    assert valkey_pid(node) == pid


def test_valkey_emptied(node):
    with calls(node) as load:
        emptied = time.monotonic()
        embedded(node).flushall()
        eventually(lambda: load.is_degraded_since(emptied, "reputation"))
        whole_again(load)
    assert ask_whole(node, orig=SCAM)["action"] == "block", "made again from the record"


def test_its_functions_flushed(node):
    with calls(node) as load:
        for _ in range(3):
            embedded(node).function_flush("SYNC")
            whole_again(load)


def test_its_memory_full(node):
    with calls(node) as load:
        full = time.monotonic()
        (limit,) = embedded(node).config_get("maxmemory").values()
        embedded(node).config_set("maxmemory", 1)
        try:
            eventually(lambda: load.is_degraded_since(full, "replay"))
            assert ask_whole(node, orig=SCAM)["action"] == "block", "what is known can be read"
        finally:
            embedded(node).config_set("maxmemory", limit)
        whole_again(load)


def test_its_values_poisoned(node):
    client = embedded(node)
    keys = [key for key in client.scan_iter(match="cm:*") if not key.startswith(b"cm:replay:")]
    with calls(node) as load:
        for number, key in enumerate(keys):
            # At once: a call in between would write what it writes anew.
            with client.pipeline(transaction=True) as poison:
                poison.delete(key)
                if number % 2:
                    poison.set(key, os.urandom(1024))
                else:
                    poison.rpush(key, os.urandom(100))
                poison.execute()
        whole_again(load)
    eventually(lambda: ask(node, orig=SCAM)["action"] == "block")


def test_a_server_named_by_url_may_be_away_at_the_start_and_come_and_go(tmp_path):
    with running_valkey("--maxmemory-policy", "allkeys-lru") as server:
        server.kill()
        environment = {"CALLMARK_REDIS__URL": server.url}
        with running_node(tmp_path, workers=1, environment=environment) as node:
            assert ask(node)["degraded"] == ["reputation"]
            assert ask(node, orig="999")["action"] == "block", "what needs no Redis is decided as ever"
            assert ask(node, orig="999")["degraded"] == ["reputation", "emergency"]
            server.start()
            eventually(lambda: ask(node)["degraded"] == [])
            import_complaints(node, SCAM, 40)
            assert ask_whole(node, orig=SCAM)["action"] == "block"
            with calls(node) as load:
                server.kill()
                killed = time.monotonic()
                eventually(lambda: load.is_degraded_since(killed, "reputation"))
                server.start()  # empty: it keeps nothing on the disk
                whole_again(load)
            assert ask_whole(node, orig=SCAM)["action"] == "block"
            eventually(lambda: node.events("redis may forget"))
            assert "allkeys-lru" in node.events("redis may forget")[0]["problem"]
