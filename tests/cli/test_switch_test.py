"""`callmark switch-test` against a node: what an integrator reads, and what it says of one that is wrong."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gateway_node import GatewayNode, running_node
from tests.ports import free_port


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayNode]:
    with running_node(tmp_path_factory.mktemp("switch-test")) as node:
        yield node


def switch_test(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "switch-test", *arguments],
        capture_output=True, text=True, timeout=120, check=False, cwd=cwd,
    )  # fmt: skip


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {row["check"]: row["outcome"] for row in json.loads(done.stdout)["checks"]}


def test_a_gateway_in_order(node: GatewayNode):
    done = switch_test(node.calls_url, "--token", str(node.directory / "data" / "token"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A switch can be pointed here." in done.stdout
    assert "✗" not in done.stdout
    assert node.token not in done.stdout + done.stderr
    done = switch_test(node.calls_url, "--token", node.token, "--json")
    assert set(outcomes(done).values()) == {"passed"}


def test_a_number_that_may_not_be_signed(node: GatewayNode):
    """Abroad, nothing above C is signed; the calls are signed all the same, and everything is tried."""
    done = switch_test(f"{node.calls_url}/international", "--token", node.token, "--json")
    assert done.returncode == 0, done.stdout
    done = switch_test(node.calls_url, "--token", node.token, "--orig", "+442079460999", "--json")
    assert done.returncode == 0, done.stdout


def test_a_credential_that_may_only_verify(node: GatewayNode):
    """What it may not do is skipped, with what would help."""
    secret = node.make_token("verifier", "call:verify", trunk="access-1")
    done = switch_test(node.calls_url, "--token", secret, "--json")
    assert done.returncode == 0, done.stdout
    found = outcomes(done)
    assert {name for name, outcome in found.items() if outcome == "skipped"} == {
        "ATIS-1000082", "3GPP Ms", "Dialplan", "secsipidx",
    }  # fmt: skip
    assert "call:sign" in done.stdout


def test_a_switch_the_gateway_does_not_know(node: GatewayNode):
    done = switch_test(node.calls_url)
    assert done.returncode == 1
    assert "does not know this switch (401)" in " ".join(done.stdout.split())


def test_nobody_there():
    done = switch_test(f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "nobody answers" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://127.0.0.1", "http://"])
def test_what_is_no_address(url: str):
    assert switch_test(url).returncode == 2


@contextmanager
def always(answer: bytes) -> Iterator[int]:
    """A server that says the same to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(0.5)
                    try:
                        if connection.recv(65_536):
                            connection.sendall(answer)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"",
    ],
    ids=["500", "not it", "no HTTP", "silent"],
)
def test_what_is_no_gateway_fails_in_words(answer: bytes):
    with always(answer) as port:
        done = switch_test(f"http://127.0.0.1:{port}", "--json")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(outcomes(done).values()).count("failed") >= 9
